#include "delta/deletion_vector.h"

#include <fmt/format.h>
#include <zlib.h>
#include <roaring/roaring.hh>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <utility>

#include "core/uuid.h"
#include "delta/data_path.h"
#include "delta/table.h"

namespace rtl::delta {
namespace {

constexpr std::uint32_t kMagic = 1681511377;
// An older form, of which the protocol still has an example (JSON Example 3): big endian, each bitmap after
// its size, their keys counted from 0.
constexpr std::uint32_t kOldMagic = 1681511376;
constexpr char kFileVersion = 1;

std::unexpected<Error> Bad(std::string_view what) {
  return Fail(ErrorKind::kBadData, fmt::format("a deletion vector {}", what));
}

// Little endian numbers off the front of a view.
class Bytes {
 public:
  explicit Bytes(std::string_view rest) : rest_(rest) {}
  template <typename T>
  bool Take(T& value) {
    if (rest_.size() < sizeof(T)) return false;
    value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value = static_cast<T>(value |
                             static_cast<T>(static_cast<T>(static_cast<unsigned char>(rest_[i])) << (8 * i)));
    }
    rest_.remove_prefix(sizeof(T));
    return true;
  }
  bool Skip(std::size_t count) {
    if (rest_.size() < count) return false;
    rest_.remove_prefix(count);
    return true;
  }
  std::size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
};

struct Container {
  std::uint16_t key = 0;
  std::uint32_t cardinality = 0;
  bool is_run = false;
};

// One 32-bit bitmap of the portable format. CRoaring would read it, but trusts what its containers claim.
class Bucket {
 public:
  Bucket(Bytes& in, std::int64_t high, std::vector<RowRange>& out) : in_(in), base_(high), out_(out) {}

  Result<> Read() {
    constexpr std::uint32_t kNoRuns = 12346;
    constexpr std::uint32_t kRuns = 12347;
    constexpr std::size_t kNoOffsets = 4;  // fewer containers have no offsets where there may be runs
    std::uint32_t cookie = 0;
    if (!in_.Take(cookie)) return Bad("is cut short");
    const bool has_runs = (cookie & 0xffff) == kRuns;
    std::uint32_t count = (cookie >> 16) + 1;
    std::string run_flags;
    if (has_runs) {
      for (std::uint32_t i = 0; i < (count + 7) / 8; ++i) {
        std::uint8_t flags = 0;
        if (!in_.Take(flags)) return Bad("is cut short");
        run_flags += static_cast<char>(flags);
      }
    } else if (cookie != kNoRuns || !in_.Take(count) || count > 65536) {
      return Bad("holds no bitmap where one should be");
    }
    std::vector<Container> containers;
    for (std::uint32_t i = 0; i < count; ++i) {
      Container container;
      std::uint16_t minus_one = 0;
      if (!in_.Take(container.key) || !in_.Take(minus_one)) return Bad("is cut short");
      if (i > 0 && container.key <= containers.back().key) return Bad("has containers out of order");
      container.cardinality = minus_one + 1U;
      container.is_run = has_runs && ((static_cast<unsigned char>(run_flags[i / 8]) >> (i % 8)) & 1) != 0;
      containers.push_back(container);
    }
    if ((!has_runs || count >= kNoOffsets) && !in_.Skip(std::size_t{4} * count)) return Bad("is cut short");
    for (const Container& container : containers) RTL_CHECK(ReadContainer(container));
    return {};
  }

 private:
  Result<> ReadContainer(const Container& container) {
    constexpr std::uint32_t kMaxArray = 4096;
    const std::int64_t base = base_ + (static_cast<std::int64_t>(container.key) << 16);
    if (container.is_run) return ReadRuns(container, base);
    return container.cardinality <= kMaxArray ? ReadArray(container, base) : ReadBits(container, base);
  }

  Result<> ReadRuns(const Container& container, std::int64_t base) {
    std::uint16_t runs = 0;
    if (!in_.Take(runs)) return Bad("is cut short");
    std::int64_t next = 0;
    std::int64_t rows = 0;
    for (int i = 0; i < runs; ++i) {
      std::uint16_t first = 0;
      std::uint16_t more = 0;
      if (!in_.Take(first) || !in_.Take(more)) return Bad("is cut short");
      if (first < next || first + std::int64_t{more} > 0xffff) return Bad("has runs that overlap");
      next = first + std::int64_t{more} + 1;
      rows += more + 1;
      Put(base + first, more + std::int64_t{1});
    }
    return rows == container.cardinality ? Result<>() : Bad("has a container of another size than it says");
  }

  Result<> ReadArray(const Container& container, std::int64_t base) {
    std::int64_t before = -1;
    for (std::uint32_t i = 0; i < container.cardinality; ++i) {
      std::uint16_t value = 0;
      if (!in_.Take(value)) return Bad("is cut short");
      if (value <= before) return Bad("has rows out of order");
      before = value;
      Put(base + value, 1);
    }
    return {};
  }

  Result<> ReadBits(const Container& container, std::int64_t base) {
    std::uint32_t rows = 0;
    for (int word = 0; word < 1024; ++word) {
      std::uint64_t bits = 0;
      if (!in_.Take(bits)) return Bad("is cut short");
      rows += static_cast<std::uint32_t>(std::popcount(bits));
      for (; bits != 0; bits &= bits - 1) Put(base + word * 64 + std::countr_zero(bits), 1);
    }
    return rows == container.cardinality ? Result<>() : Bad("has a container of another size than it says");
  }

  void Put(std::int64_t first, std::int64_t count) {
    if (!out_.empty() && out_.back().end() == first) {
      out_.back().count += count;
    } else {
      out_.push_back({first, count});
    }
  }

  Bytes& in_;
  std::int64_t base_;
  std::vector<RowRange>& out_;
};

template <typename T>
void PutLittle(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> (8 * i));
}

void PutBig32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

std::uint32_t GetBig32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  return value;
}

std::uint32_t Crc32(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

constexpr std::string_view kZ85 =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

std::string UuidBytes(std::string_view uuid) {
  std::string bytes;
  int high = -1;
  for (const char c : uuid) {
    if (c == '-') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes += static_cast<char>(high * 16 + digit);
      high = -1;
    }
  }
  return bytes;
}

std::string FileName(std::string_view uuid_bytes) {
  std::string hex;
  for (const char c : uuid_bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return fmt::format("deletion_vector_{}-{}-{}-{}-{}.bin", hex.substr(0, 8), hex.substr(8, 4),
                     hex.substr(12, 4), hex.substr(16, 4), hex.substr(20));
}

Result<> CheckRows(const RowSet& rows, const DeletionVectorDescriptor& vector) {
  if (rows.size() == vector.cardinality) return {};
  return Bad(fmt::format("takes {} rows away, its descriptor says {}", rows.size(), vector.cardinality));
}

// The framed bytes of one vector in a file, from `offset` on.
Result<std::string> FetchVector(const Table& table, const DeletionVectorDescriptor& vector,
                                std::string& path) {
  RTL_TRY(path, DeletionVectorPath(vector));
  RTL_TRY(const std::string key, table.KeyOf(path));
  const std::int64_t offset = vector.offset.value_or(0);
  store::GetOptions options;
  options.range = store::ByteRange{offset, vector.size_in_bytes + 8};
  RTL_TRY(auto object, table.store().Get(key, options));
  return std::move(object.bytes);
}

Result<RowSet> ParseOldForm(std::string_view bytes) {
  if (bytes.size() < 8) return Bad("is cut short");
  const std::uint32_t count = GetBig32(bytes.substr(4));
  bytes.remove_prefix(8);
  if (count > bytes.size() / 4) return Bad("has fewer bytes than its buckets take");
  std::vector<RowRange> ranges;
  for (std::uint32_t key = 0; key < count; ++key) {
    if (bytes.size() < 4) return Bad("is cut short");
    const std::uint32_t size = GetBig32(bytes);
    bytes.remove_prefix(4);
    if (size > bytes.size()) return Bad("is cut short");
    Bytes in(bytes.substr(0, size));
    RTL_CHECK(Bucket(in, static_cast<std::int64_t>(key) << 32, ranges).Read());
    if (in.left() != 0) return Bad("is followed by other bytes");
    bytes.remove_prefix(size);
  }
  if (!bytes.empty()) return Bad("is followed by other bytes");
  return RowSet(std::move(ranges));
}

}  // namespace

Result<RowSet> ParseDeletionVector(std::string_view bytes) {
  if (bytes.size() >= 4 && GetBig32(bytes) == kOldMagic) return ParseOldForm(bytes);
  Bytes in(bytes);
  std::uint32_t magic = 0;
  std::uint64_t buckets = 0;
  if (!in.Take(magic) || magic != kMagic) return Bad("does not begin with the magic number");
  if (!in.Take(buckets)) return Bad("is cut short");
  // Each takes more than its key.
  if (buckets > in.left() / 4) return Bad("has fewer bytes than its buckets take");
  std::vector<RowRange> ranges;
  std::int64_t before = -1;
  for (std::uint64_t i = 0; i < buckets; ++i) {
    std::uint32_t key = 0;
    if (!in.Take(key)) return Bad("is cut short");
    if (key <= before || key > 0x7fffffff) return Bad("has buckets out of order");
    before = key;
    RTL_CHECK(Bucket(in, static_cast<std::int64_t>(key) << 32, ranges).Read());
  }
  if (in.left() != 0) return Bad("is followed by other bytes");
  return RowSet(std::move(ranges));
}

std::string SerializeDeletionVector(const RowSet& rows) {
  std::map<std::uint32_t, Roaring> buckets;
  for (RowRange range : rows.ranges()) {
    while (range.count > 0) {
      const auto high = static_cast<std::uint32_t>(range.first >> 32);
      const std::int64_t bucket_end = (static_cast<std::int64_t>(high) + 1) << 32;
      const std::int64_t count = std::min(range.count, bucket_end - range.first);
      const auto low = static_cast<std::uint64_t>(range.first & 0xffffffff);
      buckets[high].addRange(low, low + static_cast<std::uint64_t>(count));
      range.first += count;
      range.count -= count;
    }
  }
  std::string bytes;
  PutLittle(bytes, kMagic);
  PutLittle(bytes, static_cast<std::uint64_t>(buckets.size()));
  for (auto& [high, bitmap] : buckets) {
    bitmap.runOptimize();
    PutLittle(bytes, high);
    const std::size_t at = bytes.size();
    bytes.resize(at + bitmap.getSizeInBytes());
    bitmap.write(bytes.data() + at);
  }
  return bytes;
}

std::string EncodeZ85(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t value = GetBig32(bytes.substr(i, 4));
    std::array<char, 5> digits{};
    for (int digit = 4; digit >= 0; --digit) {
      digits[static_cast<std::size_t>(digit)] = kZ85[value % 85];
      value /= 85;
    }
    text.append(digits.data(), digits.size());
  }
  return text;
}

Result<std::string> DecodeZ85(std::string_view text) {
  if (text.size() % 5 != 0)
    return Fail(ErrorKind::kBadData, "Base85 text of a length that is no multiple of 5");
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 5) {
    std::uint64_t value = 0;
    for (const char c : text.substr(i, 5)) {
      const std::size_t digit = kZ85.find(c);
      if (digit == std::string_view::npos) return Fail(ErrorKind::kBadData, "a character that is not Base85");
      value = value * 85 + digit;
    }
    if (value > 0xffffffff)
      return Fail(ErrorKind::kBadData, "Base85 digits that stand for more than 32 bits");
    PutBig32(bytes, static_cast<std::uint32_t>(value));
  }
  return bytes;
}

Result<std::string> DeletionVectorPath(const DeletionVectorDescriptor& vector) {
  constexpr std::size_t kUuidDigits = 20;
  const std::string& text = vector.path_or_inline;
  if (vector.storage_type == 'p') return DecodePath(text);
  if (vector.storage_type != 'u' || text.size() < kUuidDigits) return Bad("has no path");
  const std::string prefix = text.substr(0, text.size() - kUuidDigits);
  RTL_TRY(const std::string uuid, DecodeZ85(std::string_view(text).substr(prefix.size())));
  return prefix.empty() ? FileName(uuid) : prefix + "/" + FileName(uuid);
}

Result<RowSet> ReadDeletionVector(const Table& table, const DeletionVectorDescriptor& vector) {
  if (vector.storage_type == 'i') {
    RTL_TRY(const std::string decoded, DecodeZ85(vector.path_or_inline));
    const auto size = static_cast<std::size_t>(vector.size_in_bytes);
    // Base85 comes in fours: up to three bytes are filling.
    if (size > decoded.size() || decoded.size() - size > 3)
      return Bad("is not as long as its descriptor says");
    RTL_TRY(RowSet rows, ParseDeletionVector(std::string_view(decoded).substr(0, size)));
    RTL_CHECK(CheckRows(rows, vector));
    return rows;
  }
  std::string path;
  auto framed = FetchVector(table, vector, path);
  if (!framed) return Fail(framed.error().Wrap(path));
  const auto size = static_cast<std::size_t>(vector.size_in_bytes);
  const auto rows = [&]() -> Result<RowSet> {
    const std::string_view bytes = *framed;
    if (bytes.size() != size + 8) return Bad("is cut short");
    if (GetBig32(bytes) != size) return Bad("has another size than its descriptor says");
    const std::string_view data = bytes.substr(4, size);
    if (GetBig32(bytes.substr(4 + size)) != Crc32(data)) return Bad("has a wrong checksum");
    RTL_TRY(RowSet parsed, ParseDeletionVector(data));
    RTL_CHECK(CheckRows(parsed, vector));
    return parsed;
  }();
  if (!rows) return Fail(rows.error().Wrap(fmt::format("{}/{}", table.Uri(), path)));
  return rows;
}

DeletionVectorFile::DeletionVectorFile() : bytes_(1, kFileVersion) {
  uuid_bytes_ = UuidBytes(NewUuid());
  path_ = FileName(uuid_bytes_);
}

DeletionVectorDescriptor DeletionVectorFile::Add(const RowSet& rows) {
  const std::string data = SerializeDeletionVector(rows);
  DeletionVectorDescriptor vector{.storage_type = 'u',
                                  .path_or_inline = EncodeZ85(uuid_bytes_),
                                  .offset = static_cast<std::int32_t>(bytes_.size()),
                                  .size_in_bytes = static_cast<std::int32_t>(data.size()),
                                  .cardinality = rows.size()};
  PutBig32(bytes_, static_cast<std::uint32_t>(data.size()));
  bytes_ += data;
  PutBig32(bytes_, Crc32(data));
  return vector;
}

}  // namespace rtl::delta
