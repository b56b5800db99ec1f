// The bytes of one version of an object, piece by piece, hashed on the way. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/error.h"
#include "core/hash.h"
#include "flow/source_object.h"
#include "store/object_store.h"

namespace rtl::load {

class PinnedReader {
 public:
  // `store` must outlive the reader; `object` is copied. A version without a version_id gets the one that the
  // first reply tells.
  PinnedReader(store::ObjectStore& store, const SourceObject& object, std::int64_t piece_bytes)
      : store_(store), object_(object), piece_bytes_(piece_bytes) {}

  // The next piece of at most `piece_bytes`; empty at the end. kConflict or kNotFound when the object is no
  // longer at its version: the pieces so far are worth nothing.
  Result<std::string> Next();

  // After Next() gave an empty piece: of all bytes, and what was learnt of the version.
  ContentHash hash() const { return hasher_.Finish(); }
  const ObjectVersion& version() const { return object_.version; }

 private:
  store::ObjectStore& store_;
  SourceObject object_;
  const std::int64_t piece_bytes_;

  std::int64_t offset_ = 0;
  bool begun_ = false;  // an empty object is read once too

  ContentHasher hasher_;
};

}  // namespace rtl::load
