// Which files of a table's folder are needed: a set of paths, of which only hashes are kept, so that those of
// a million files take 16 MB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "delta/table.h"

namespace rtl::delta {

// Errs on the side of keeping: two spellings of a path ("a//b", "./a/b") are one file, and an absolute path
// stands for every path below the folder that it could mean, whatever name the folder goes by elsewhere. Not
// for several threads at once.
class NeededFiles {
 public:
  void Insert(std::string_view path);        // below the table's folder, or absolute
  void InsertFilesOf(const Commit& commit);  // all that its actions name, also change data
  void InsertHash(const ContentHash& hash) { hashes_.push_back(hash); }  // of a path as from HashPaths

  bool Contains(std::string_view path);  // below the table's folder
  std::size_t MemoryBytes() const { return hashes_.capacity() * sizeof(ContentHash); }

 private:
  std::vector<ContentHash> hashes_;
  std::size_t sorted_ = 0;  // so many from the front are in order
};

// Fills a NeededFiles from a replay: with active files at once, with tombstones when it is known how old they
// may be. Of each file its deletion vector's too.
class NeededFilesSink final : public ReplaySink {
 public:
  explicit NeededFilesSink(NeededFiles& needed) : needed_(needed) {}
  Wants wants() const override { return {.stats = false, .tags = false, .tombstones = true}; }
  void Restart() override {}  // a file too many does no harm
  Result<> OnAdd(Add&& add) override;
  Result<> OnTombstone(Remove&& remove) override;

  // Those removed at `since_ms` or later (protocol: "Add File and Remove File"). Forgets all of them.
  void KeepTombstones(std::int64_t since_ms);

 private:
  struct Tombstone {
    std::int64_t removed_ms = 0;
    ContentHash hash;
  };
  NeededFiles& needed_;
  std::vector<Tombstone> tombstones_;
};

}  // namespace rtl::delta
