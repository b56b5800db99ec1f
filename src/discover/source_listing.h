// Which objects of the source are customers' files, and under which name their rows stand. Pure.
//
// Keys are relative to the source store's root, which is the source's prefix.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/error.h"
#include "flow/source_object.h"
#include "store/object_store.h"

namespace re2 {
class RE2;
}

namespace rtl::discover {

// Whether a key is no customer's file by its name alone: a segment (a folder or the file itself) begins with
// '.' or '_', or it ends in '/' (what S3 consoles make for a folder).
bool IsIgnoredKey(std::string_view key);

struct Ignored {};

// An object that ought to be a customer's file and cannot be one. `object.source_file` is fit to be stored
// and shown (valid UTF-8), but may be another file's name: nothing may be replaced or deleted by it.
struct FailedObject {
  SourceObject object;
  std::string reason;
};

using Classified = std::variant<SourceObject, Ignored, FailedObject>;

// What source.pattern says, compiled. Threads: Classify from any.
class SourceRules {
 public:
  // `pattern` is an RE2 regular expression that must match the whole key; its one capture group is the
  // source_file. Empty: every key is its own source_file. kBadConfig: no valid expression, or not exactly one
  // capture.
  static Result<SourceRules> Make(std::string_view pattern);
  SourceRules(SourceRules&&) noexcept;
  SourceRules& operator=(SourceRules&&) noexcept;
  ~SourceRules();

  // Of one object by itself: a hint's HEAD, say. That another object has the same source_file only a
  // listing can tell. Ignored: IsIgnoredKey, or a key that the pattern does not match. Failed: a key
  // that is not valid UTF-8, or of which the pattern captures nothing.
  Classified Classify(const store::ObjectInfo& info) const;

 private:
  explicit SourceRules(std::unique_ptr<re2::RE2> pattern);
  std::unique_ptr<re2::RE2> pattern_;  // null: none
};

}  // namespace rtl::discover
