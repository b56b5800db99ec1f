#include "delta/active_files.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/hash.h"
#include "delta/byte_record.h"
#include "delta/data_path.h"

namespace rtl::delta {
namespace {

constexpr int kChunkBits = 20;
constexpr std::size_t kChunkBytes = std::size_t{1} << kChunkBits;

enum Flag : std::uint8_t {
  kHasUuid = 1,
  kHasPathInLog = 2,
  kHasPartitionValues = 4,
  kHasVector = 8,
  kHasStats = 16,
  kHasTags = 32,
  kDataChange = 64,
};

constexpr std::size_t kUuidLength = 36;

// Of a lower-case hexadecimal digit; -1 for anything else.
int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool IsUuid(std::string_view text) {
  if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return false;
  for (std::size_t i = 0; i < kUuidLength; ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) continue;
    if (HexDigit(text[i]) < 0) return false;
  }
  return true;
}

// Where a lower-case uuid stands in a path; npos when none does.
std::size_t FindUuid(std::string_view path) {
  for (std::size_t begin = 0; begin + kUuidLength <= path.size(); ++begin) {
    if (IsUuid(path.substr(begin, kUuidLength))) return begin;
  }
  return std::string_view::npos;
}

std::array<char, 16> UuidBytes(std::string_view uuid) {
  std::array<char, 16> bytes{};
  std::size_t digits = 0;
  for (const char c : uuid) {
    if (c == '-') continue;
    bytes[digits / 2] = static_cast<char>(bytes[digits / 2] << 4 | HexDigit(c));
    ++digits;
  }
  return bytes;
}

void AppendUuid(std::string& text, std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<char, kUuidLength> uuid{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) uuid[at++] = '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    uuid[at++] = kHex[byte >> 4];
    uuid[at++] = kHex[byte & 15];
  }
  text.append(uuid.data(), uuid.size());
}

void WriteVector(RecordWriter& out, const DeletionVectorDescriptor& vector) {
  out.Int(vector.storage_type);
  out.Text(vector.path_or_inline);
  out.Int(vector.offset ? *vector.offset + 1LL : 0);
  out.Int(vector.size_in_bytes);
  out.Int(vector.cardinality);
  out.Int(vector.max_row_index ? *vector.max_row_index + 1 : 0);
}

DeletionVectorDescriptor ReadVector(RecordReader& in) {
  DeletionVectorDescriptor vector;
  vector.storage_type = static_cast<char>(in.Int());
  vector.path_or_inline = in.Text();
  if (const std::int64_t offset = in.Int(); offset > 0) vector.offset = static_cast<std::int32_t>(offset - 1);
  vector.size_in_bytes = static_cast<std::int32_t>(in.Int());
  vector.cardinality = in.Int();
  if (const std::int64_t index = in.Int(); index > 0) vector.max_row_index = index - 1;
  return vector;
}

struct PathOf {
  std::uint8_t flags = 0;
  std::string path;
};

PathOf ReadPath(RecordReader& in, const std::vector<std::string>& suffixes) {
  PathOf read;
  read.flags = static_cast<std::uint8_t>(in.Byte());
  const std::string_view begin = in.Text();
  if ((read.flags & kHasUuid) != 0) {
    const std::string_view uuid = in.Bytes(16);
    const std::string& suffix = suffixes[static_cast<std::size_t>(in.Int())];
    read.path.reserve(begin.size() + kUuidLength + suffix.size());
    read.path = begin;
    AppendUuid(read.path, uuid);
    read.path += suffix;
  } else {
    read.path = begin;
  }
  return read;
}

}  // namespace

std::string ActiveFiles::Pack(const Add& add) {
  const bool full = detail_ == FileDetail::kFull;
  const std::size_t uuid = FindUuid(add.path);
  std::uint8_t flags = add.data_change ? kDataChange : 0;
  std::size_t suffix = 0;
  if (uuid != std::string_view::npos) {
    const std::string_view text = std::string_view(add.path).substr(uuid + kUuidLength);
    const auto known = std::ranges::find(suffixes_, text);
    suffix = static_cast<std::size_t>(known - suffixes_.begin());
    constexpr std::size_t kMaxSuffixes = 64;
    if (known == suffixes_.end() && suffix < kMaxSuffixes) suffixes_.emplace_back(text);
    if (suffix < kMaxSuffixes) flags |= kHasUuid;
  }
  if (!add.path_in_log.empty()) flags |= kHasPathInLog;
  if (!add.partition_values.empty()) flags |= kHasPartitionValues;
  if (add.deletion_vector) flags |= kHasVector;
  if (full && !add.stats.empty()) flags |= kHasStats;
  if (full && !add.tags.empty()) flags |= kHasTags;

  RecordWriter out;
  out.Byte(static_cast<char>(flags));
  if ((flags & kHasUuid) != 0) {
    out.Text(std::string_view(add.path).substr(0, uuid));
    const auto bytes = UuidBytes(std::string_view(add.path).substr(uuid, kUuidLength));
    out.Bytes({bytes.data(), bytes.size()});
    out.Int(static_cast<std::int64_t>(suffix));
  } else {
    out.Text(add.path);
  }
  out.Int(add.size);
  out.Int(add.modification_time_ms);
  if ((flags & kHasPathInLog) != 0) out.Text(add.path_in_log);
  if ((flags & kHasPartitionValues) != 0) out.NullableMap(add.partition_values);
  if ((flags & kHasVector) != 0) WriteVector(out, *add.deletion_vector);
  if ((flags & kHasStats) != 0) out.Text(add.stats);
  if ((flags & kHasTags) != 0) out.Map(add.tags);
  return std::move(out).bytes();
}

std::string_view ActiveFiles::RecordAt(std::uint64_t slot) const {
  const std::uint64_t at = (slot & kOffsetMask) - 2;
  const std::string& chunk = chunks_[at >> kChunkBits];
  RecordReader reader(std::string_view(chunk).substr(at & (kChunkBytes - 1)));
  return reader.Text();
}

Add ActiveFiles::Unpack(std::uint64_t slot) const {
  RecordReader in(RecordAt(slot));
  Add add;
  auto [flags, path] = ReadPath(in, suffixes_);
  add.path = std::move(path);
  add.data_change = (flags & kDataChange) != 0;
  add.size = in.Int();
  add.modification_time_ms = in.Int();
  if ((flags & kHasPathInLog) != 0) add.path_in_log = in.Text();
  if ((flags & kHasPartitionValues) != 0) add.partition_values = in.NullableMap();
  if ((flags & kHasVector) != 0) add.deletion_vector = ReadVector(in);
  if ((flags & kHasStats) != 0) add.stats = in.Text();
  if ((flags & kHasTags) != 0) add.tags = in.Map();
  return add;
}

std::optional<std::size_t> ActiveFiles::FindSlot(std::string_view path) const {
  if (slots_.empty()) return std::nullopt;
  const std::string key = FileKey(path);
  const std::uint64_t hash = HashKey(key);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    const std::uint64_t slot = slots_[i];
    if (slot == 0) return std::nullopt;
    if (slot == kErased || (slot >> kOffsetBits) != (hash >> kOffsetBits)) continue;
    RecordReader in(RecordAt(slot));
    if (FileKey(ReadPath(in, suffixes_).path) == key) return i;
  }
}

std::optional<Add> ActiveFiles::Find(std::string_view path) const {
  const auto slot = FindSlot(path);
  if (!slot) return std::nullopt;
  return Unpack(slots_[*slot]);
}

std::vector<Add> ActiveFiles::Sorted() const {
  std::vector<Add> adds;
  adds.reserve(count_);
  ForEach([&](const Add& add) { adds.push_back(add); });
  std::ranges::sort(adds, {}, &Add::path);
  return adds;
}

void ActiveFiles::Insert(const Add& add) {
  Erase(add.path);
  if (slots_.empty() || (count_ + erased_ + 1) * 4 > slots_.size() * 3 ||
      (dead_bytes_ > kChunkBytes && dead_bytes_ * 3 > record_bytes_)) {
    Rebuild();
  }
  const std::uint64_t hash = HashKey(FileKey(add.path));
  Place(Store(Pack(add), hash), hash);
  ++count_;
  data_bytes_ += add.size;
}

bool ActiveFiles::Erase(std::string_view path) {
  const auto found = FindSlot(path);
  if (!found) return false;
  const std::uint64_t slot = std::exchange(slots_[*found], kErased);
  data_bytes_ -= Unpack(slot).size;
  dead_bytes_ += RecordAt(slot).size();
  --count_;
  ++erased_;
  return true;
}

std::uint64_t ActiveFiles::Store(std::string_view record, std::uint64_t hash) {
  RecordWriter framed;
  framed.Text(record);
  const std::string& bytes = framed.bytes();
  if (chunks_.empty() || chunks_.back().size() + bytes.size() > kChunkBytes) {
    chunks_.emplace_back();
    // The first chunk grows as it fills: most tables are small.
    if (chunks_.size() > 1) chunks_.back().reserve(std::max(kChunkBytes, bytes.size()));
  }
  const std::uint64_t at = ((chunks_.size() - 1) << kChunkBits) | chunks_.back().size();
  chunks_.back() += bytes;
  record_bytes_ += bytes.size();
  return (at + 2) | (hash & ~kOffsetMask);
}

void ActiveFiles::Place(std::uint64_t slot, std::uint64_t hash) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = hash & mask;
  while (IsUsed(slots_[i])) i = (i + 1) & mask;
  if (slots_[i] == kErased) --erased_;
  slots_[i] = slot;
}

void ActiveFiles::Rebuild() {
  std::size_t size = 16;
  while (size * 3 < (count_ + 1) * 5) size *= 2;
  ActiveFiles fresh(detail_);
  fresh.suffixes_ = suffixes_;
  fresh.slots_.assign(size, 0);
  // Where little is dead the records stay where they are: only the slots grow.
  const bool keep = dead_bytes_ * 8 <= record_bytes_;
  for (const std::uint64_t slot : slots_) {
    if (!IsUsed(slot)) continue;
    const std::string_view record = RecordAt(slot);
    RecordReader in(record);
    const std::uint64_t hash = HashKey(FileKey(ReadPath(in, suffixes_).path));
    fresh.Place(keep ? slot : fresh.Store(record, hash), hash);
  }
  if (keep) {
    fresh.chunks_ = std::move(chunks_);
    fresh.record_bytes_ = record_bytes_;
    fresh.dead_bytes_ = dead_bytes_;
  }
  fresh.count_ = count_;
  fresh.data_bytes_ = data_bytes_;
  *this = std::move(fresh);
}

std::size_t ActiveFiles::MemoryBytes() const {
  std::size_t bytes = sizeof(*this) + slots_.capacity() * sizeof(std::uint64_t);
  for (const std::string& chunk : chunks_) bytes += sizeof(std::string) + chunk.capacity();
  return bytes;
}

}  // namespace rtl::delta
