#include "delta/deletion_vector.h"

#include <fmt/format.h>
#include <roaring/roaring.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <map>
#include <new>
#include <utility>

#include "delta/little_endian.h"
#include "delta/roaring_check.h"

namespace rtl::delta {
namespace {

constexpr std::uint32_t kMagic = 1681511377;
constexpr std::size_t kHeaderBytes = sizeof(std::uint32_t) + sizeof(std::uint64_t);
constexpr std::size_t kMinBucketBytes = sizeof(std::uint32_t) + 8;  // key, empty bitmap
constexpr std::uint32_t kLowest = 0;
constexpr std::uint32_t kHighest = std::numeric_limits<std::uint32_t>::max();

struct FreeBitmap {
  void operator()(roaring_bitmap_t* bitmap) const { roaring_bitmap_free(bitmap); }
};
using Bitmap = std::unique_ptr<roaring_bitmap_t, FreeBitmap>;

Bitmap Own(roaring_bitmap_t* bitmap) {
  if (bitmap == nullptr) throw std::bad_alloc();
  return Bitmap(bitmap);
}

std::uint32_t KeyOf(std::int64_t row) {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(row) >> 32);
}
std::uint32_t LowOf(std::int64_t row) {
  return static_cast<std::uint32_t>(row);
}
std::int64_t RowOf(std::uint32_t key, std::uint32_t low) {
  return static_cast<std::int64_t>(std::uint64_t{key} << 32 | low);
}

// visit(value) for the values of lowest..highest, ascending.
template <typename Visit>
void ForEachValue(const roaring_bitmap_t& bitmap, std::uint32_t lowest, std::uint32_t highest,
                  const Visit& visit) {
  roaring_uint32_iterator_t at;
  roaring_init_iterator(&bitmap, &at);
  if (!roaring_move_uint32_iterator_equalorlarger(&at, lowest)) return;
  std::array<std::uint32_t, 256> values{};
  while (true) {
    const std::uint32_t count =
        roaring_read_uint32_iterator(&at, values.data(), static_cast<std::uint32_t>(values.size()));
    for (std::uint32_t i = 0; i < count; ++i) {
      if (values[i] > highest) return;
      visit(values[i]);
    }
    if (count < values.size()) return;
  }
}

// visit(key, lowest, highest) for each bucket's part of the rows [first, first + count).
template <typename Visit>
void ForEachPart(std::int64_t first, std::int64_t count, const Visit& visit) {
  if (count <= 0) return;
  const std::int64_t last = first + (count - 1);
  for (std::uint32_t key = KeyOf(first); key <= KeyOf(last); ++key) {
    visit(key, key == KeyOf(first) ? LowOf(first) : kLowest, key == KeyOf(last) ? LowOf(last) : kHighest);
  }
}

}  // namespace

// By the upper 32 bits of the rows. No bitmap in it is empty.
struct DeletionVector::Buckets {
  std::map<std::uint32_t, Bitmap> by_key;

  roaring_bitmap_t* Make(std::uint32_t key) {
    Bitmap& bitmap = by_key[key];
    if (!bitmap) bitmap = Own(roaring_bitmap_create());
    return bitmap.get();
  }
  const roaring_bitmap_t* Find(std::uint32_t key) const {
    const auto found = by_key.find(key);
    return found == by_key.end() ? nullptr : found->second.get();
  }
  template <typename Visit>
  void ForEachIn(std::int64_t first, std::int64_t count, const Visit& visit) const {
    ForEachPart(first, count, [&](std::uint32_t key, std::uint32_t lowest, std::uint32_t highest) {
      const roaring_bitmap_t* bitmap = Find(key);
      if (bitmap == nullptr) return;
      ForEachValue(*bitmap, lowest, highest, [&](std::uint32_t low) { visit(RowOf(key, low)); });
    });
  }
};

DeletionVector::DeletionVector() : buckets_(std::make_unique<Buckets>()) {}
DeletionVector::~DeletionVector() = default;
DeletionVector::DeletionVector(DeletionVector&&) noexcept = default;
DeletionVector& DeletionVector::operator=(DeletionVector&&) noexcept = default;

DeletionVector::DeletionVector(const DeletionVector& other) : buckets_(std::make_unique<Buckets>()) {
  for (const auto& [key, bitmap] : other.buckets_->by_key) {
    buckets_->by_key.emplace(key, Own(roaring_bitmap_copy(bitmap.get())));
  }
}

DeletionVector& DeletionVector::operator=(const DeletionVector& other) {
  if (this != &other) *this = DeletionVector(other);
  return *this;
}

void DeletionVector::Add(std::int64_t row) {
  roaring_bitmap_add(buckets_->Make(KeyOf(row)), LowOf(row));
}

void DeletionVector::AddRange(std::int64_t first, std::int64_t count) {
  ForEachPart(first, count, [&](std::uint32_t key, std::uint32_t lowest, std::uint32_t highest) {
    roaring_bitmap_add_range_closed(buckets_->Make(key), lowest, highest);
  });
}

void DeletionVector::AddAll(const std::vector<std::int64_t>& rows) {
  std::vector<std::uint32_t> lows;
  for (std::size_t begin = 0; begin < rows.size();) {
    const std::uint32_t key = KeyOf(rows[begin]);
    lows.clear();
    std::size_t end = begin;
    for (; end < rows.size() && KeyOf(rows[end]) == key; ++end) lows.push_back(LowOf(rows[end]));
    roaring_bitmap_add_many(buckets_->Make(key), lows.size(), lows.data());
    begin = end;
  }
}

void DeletionVector::MergeWith(const DeletionVector& other) {
  if (this == &other) return;
  for (const auto& [key, bitmap] : other.buckets_->by_key) {
    roaring_bitmap_or_inplace(buckets_->Make(key), bitmap.get());
  }
}

bool DeletionVector::Contains(std::int64_t row) const {
  const roaring_bitmap_t* bitmap = buckets_->Find(KeyOf(row));
  return bitmap != nullptr && roaring_bitmap_contains(bitmap, LowOf(row));
}

std::int64_t DeletionVector::Cardinality() const {
  std::uint64_t count = 0;
  for (const auto& [key, bitmap] : buckets_->by_key) count += roaring_bitmap_get_cardinality(bitmap.get());
  return static_cast<std::int64_t>(count);
}

bool DeletionVector::empty() const {
  return buckets_->by_key.empty();
}

std::optional<std::int64_t> DeletionVector::MaxRow() const {
  if (empty()) return std::nullopt;
  const auto& [key, bitmap] = *buckets_->by_key.rbegin();
  return RowOf(key, roaring_bitmap_maximum(bitmap.get()));
}

void DeletionVector::ForEach(const std::function<void(std::int64_t row)>& visit) const {
  for (const auto& [key, bitmap] : buckets_->by_key) {
    const std::uint32_t upper = key;
    ForEachValue(*bitmap, kLowest, kHighest, [&](std::uint32_t low) { visit(RowOf(upper, low)); });
  }
}

std::int64_t DeletionVector::CountIn(std::int64_t first, std::int64_t count) const {
  std::uint64_t found = 0;
  ForEachPart(first, count, [&](std::uint32_t key, std::uint32_t lowest, std::uint32_t highest) {
    const roaring_bitmap_t* bitmap = buckets_->Find(key);
    if (bitmap != nullptr)
      found += roaring_bitmap_range_cardinality(bitmap, lowest, std::uint64_t{highest} + 1);
  });
  return static_cast<std::int64_t>(found);
}

std::vector<RowRange> DeletionVector::KeptRanges(std::int64_t first, std::int64_t count) const {
  std::vector<RowRange> kept;
  std::int64_t begin = first;
  buckets_->ForEachIn(first, count, [&](std::int64_t row) {
    if (row > begin) kept.push_back({.first = begin, .count = row - begin});
    begin = row + 1;
  });
  if (first + count > begin) kept.push_back({.first = begin, .count = first + count - begin});
  return kept;
}

std::vector<std::uint8_t> DeletionVector::KeptBitmap(std::int64_t first, std::int64_t count) const {
  if (count <= 0) return {};
  std::vector<std::uint8_t> kept(static_cast<std::size_t>((count - 1) / 8 + 1), 0xff);
  if (count % 8 != 0) kept.back() = static_cast<std::uint8_t>((1U << (count % 8)) - 1);
  buckets_->ForEachIn(first, count, [&](std::int64_t row) {
    const auto i = static_cast<std::size_t>(row - first);
    kept[i / 8] = static_cast<std::uint8_t>(kept[i / 8] & ~(1U << (i % 8)));
  });
  return kept;
}

std::string DeletionVector::Serialize() const {
  std::string bytes;
  AppendLittleEndian(bytes, kMagic);
  AppendLittleEndian(bytes, std::uint64_t{buckets_->by_key.size()});
  for (const auto& [key, bitmap] : buckets_->by_key) {
    AppendLittleEndian(bytes, key);
    // Runs are looked for in a copy: others may be reading this one.
    const Bitmap compact = Own(roaring_bitmap_copy(bitmap.get()));
    roaring_bitmap_run_optimize(compact.get());
    const std::size_t begin = bytes.size();
    bytes.resize(begin + roaring_bitmap_portable_size_in_bytes(compact.get()));
    roaring_bitmap_portable_serialize(compact.get(), bytes.data() + begin);
  }
  return bytes;
}

Result<DeletionVector> DeletionVector::Parse(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) {
    return Fail(ErrorKind::kBadData, fmt::format("{} bytes are too few for a deletion vector", bytes.size()));
  }
  if (const auto magic = LoadLittleEndian<std::uint32_t>(bytes, 0); magic != kMagic) {
    return Fail(ErrorKind::kBadData, fmt::format("the magic number is {} and not {}", magic, kMagic));
  }
  const auto buckets = LoadLittleEndian<std::uint64_t>(bytes, sizeof(std::uint32_t));
  std::string_view rest = bytes.substr(kHeaderBytes);
  if (buckets > rest.size() / kMinBucketBytes) {
    return Fail(ErrorKind::kBadData, fmt::format("{} buckets in {} bytes", buckets, bytes.size()));
  }
  DeletionVector vector;
  std::int64_t last_key = -1;
  for (std::uint64_t i = 0; i < buckets; ++i) {
    if (rest.size() < kMinBucketBytes) return Fail(ErrorKind::kBadData, "it ends inside its buckets");
    const auto key = LoadLittleEndian<std::uint32_t>(rest, 0);
    if (key > std::numeric_limits<std::int32_t>::max()) {
      return Fail(ErrorKind::kBadData, fmt::format("bucket key {:#x} has its most significant bit set", key));
    }
    if (key <= last_key) return Fail(ErrorKind::kBadData, "keys of buckets do not ascend");
    last_key = key;
    rest.remove_prefix(sizeof(key));
    const auto extent = CheckRoaring(rest);
    if (!extent) return Fail(extent.error().Wrap(fmt::format("bucket {}", key)));
    if (extent->cardinality > 0) {
      Bitmap bitmap(roaring_bitmap_portable_deserialize_safe(&rest.front(), extent->bytes));
      if (!bitmap) return Fail(ErrorKind::kResourceExhausted, "no memory for a deletion vector");
      vector.buckets_->by_key.emplace_hint(vector.buckets_->by_key.end(), key, std::move(bitmap));
    }
    rest.remove_prefix(extent->bytes);
  }
  if (!rest.empty()) {
    return Fail(ErrorKind::kBadData, fmt::format("{} bytes after its last bucket", rest.size()));
  }
  return vector;
}

Result<> DeletionVector::CheckAgainst(std::int64_t cardinality,
                                      std::optional<std::int64_t> num_records) const {
  if (Cardinality() != cardinality) {
    return Fail(ErrorKind::kBadData,
                fmt::format("it strikes out {} rows where the log says {}", Cardinality(), cardinality));
  }
  const auto max_row = MaxRow();
  if (num_records && max_row && *max_row >= *num_records) {
    return Fail(ErrorKind::kBadData,
                fmt::format("it strikes out row {} of a file of {} rows", *max_row, *num_records));
  }
  return {};
}

bool DeletionVector::operator==(const DeletionVector& other) const {
  // By content: the same values may be held in different ways.
  return std::ranges::equal(buckets_->by_key, other.buckets_->by_key, [](const auto& a, const auto& b) {
    const std::uint64_t count = roaring_bitmap_get_cardinality(a.second.get());
    return a.first == b.first && count == roaring_bitmap_get_cardinality(b.second.get()) &&
           count == roaring_bitmap_and_cardinality(a.second.get(), b.second.get());
  });
}

}  // namespace rtl::delta
