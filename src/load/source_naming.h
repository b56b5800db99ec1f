// Under which source_file an object of the source stands in the ledger.
#pragma once

#include <string>

#include "discover/source_listing.h"

namespace rtl::load {

struct NamedObject {
  enum class Kind { kFile, kIgnored, kRefused };
  Kind kind = Kind::kFile;
  SourceObject object;  // refused: its source_file is a name of its own, so that the refusal can be recorded
  std::string reason;   // refused: why
};

NamedObject NameObject(const discover::SourceRules& rules, const store::ObjectInfo& info);

// Turns a file into a refused one, under "!refused/<hash of the key>/<key as UTF-8>". A file whose own name
// begins with that word is refused too, so that no name stands for two objects.
NamedObject Refuse(SourceObject object, std::string reason);

}  // namespace rtl::load
