// The active files of a table at one version, packed: a table of a million files is held in some 50 MB.
//
// Not for several threads at once. Values returned are copies.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "delta/actions.h"

namespace rtl::delta {

// What is kept of each file.
enum class FileDetail : std::uint8_t {
  kFull,  // all of its add
  kLean,  // neither statistics nor tags: what it takes to remove the file
};

class ActiveFiles {
 public:
  explicit ActiveFiles(FileDetail detail = FileDetail::kFull) : detail_(detail) {}

  FileDetail detail() const { return detail_; }
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::int64_t data_bytes() const { return data_bytes_; }  // sum of the files' sizes
  std::size_t MemoryBytes() const;                         // held by this object

  // Files are known by path alone ("/x" and "file:/x" are one): at most one logical file of a data file is
  // active. `path` is decoded, as in Add.
  bool Contains(std::string_view path) const { return FindSlot(path).has_value(); }
  std::optional<Add> Find(std::string_view path) const;

  std::vector<Add> Sorted() const;  // all, by path: for tables known to be small

  void Insert(const Add& add);        // replaces the file of that path
  bool Erase(std::string_view path);  // false when it was not there

  // visit(const Add&), in no order that means anything. The files must not be changed meanwhile. A visit may
  // return a Result<>: the first error ends the loop and is returned.
  template <typename Visit>
  auto ForEach(const Visit& visit) const -> decltype(visit(std::declval<const Add&>())) {
    using Returned = decltype(visit(std::declval<const Add&>()));
    for (const std::uint64_t slot : slots_) {
      if (!IsUsed(slot)) continue;
      if constexpr (std::is_void_v<Returned>) {
        visit(Unpack(slot));
      } else {
        if (Returned taken = visit(Unpack(slot)); !taken) return taken;
      }
    }
    return Returned();
  }

 private:
  // A slot: where its record lies, plus 2, and above that bits of its hash. 0: never used, 1: erased.
  static constexpr int kOffsetBits = 44;
  static constexpr std::uint64_t kOffsetMask = (std::uint64_t{1} << kOffsetBits) - 1;
  static constexpr std::uint64_t kErased = 1;
  static bool IsUsed(std::uint64_t slot) { return slot > kErased; }

  std::string_view RecordAt(std::uint64_t slot) const;
  Add Unpack(std::uint64_t slot) const;
  std::optional<std::size_t> FindSlot(std::string_view path) const;
  std::uint64_t Store(std::string_view record, std::uint64_t hash);
  void Place(std::uint64_t slot, std::uint64_t hash);
  void Rebuild();  // with room for more, and without what was erased
  std::string Pack(const Add& add);

  FileDetail detail_;
  std::vector<std::uint64_t> slots_;  // open addressing; a power of two
  std::vector<std::string> chunks_;   // of records, each its length, then its bytes
  std::size_t count_ = 0;
  std::size_t erased_ = 0;  // slots
  std::size_t record_bytes_ = 0;
  std::size_t dead_bytes_ = 0;  // of those
  std::int64_t data_bytes_ = 0;
  std::vector<std::string> suffixes_;  // of names that hold a uuid; few differ
};

}  // namespace rtl::delta
