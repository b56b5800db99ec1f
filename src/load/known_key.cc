#include "load/known_key.h"

#include <fmt/format.h>

#include "core/hash.h"
#include "delta/byte_record.h"

namespace rtl::load {
namespace {

using delta::RecordReader;
using delta::RecordWriter;

enum EntryFlag : std::uint8_t {
  kHasEntry = 1,
  kKeyIsSourceFile = 2,
  kSettled = 4,
  kHasHash = 8,
  kReplaced = 16,
  kRepeated = 32,
  kTransient = 64,
};

enum class TextForm : char { kPlain, kHex };

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool IsHex(std::string_view text) {
  if (text.empty() || text.size() % 2 != 0) return false;
  for (const char c : text) {
    if (HexDigit(c) < 0) return false;
  }
  return true;
}

std::string FromHexText(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    bytes += static_cast<char>(HexDigit(text[i]) * 16 + HexDigit(text[i + 1]));
  }
  return bytes;
}

std::string ToHexText(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

// ETags are mostly 32 hex digits.
void WriteText(RecordWriter& out, std::string_view text) {
  const bool hex = IsHex(text);
  out.Byte(static_cast<char>(hex ? TextForm::kHex : TextForm::kPlain));
  out.Text(hex ? FromHexText(text) : std::string(text));
}

std::string ReadText(RecordReader& in) {
  const auto form = static_cast<TextForm>(in.Byte());
  const std::string_view bytes = in.Text();
  return form == TextForm::kHex ? ToHexText(bytes) : std::string(bytes);
}

void WriteHash(RecordWriter& out, const ContentHash& hash) {
  const std::uint64_t halves[2] = {hash.high, hash.low};
  out.Bytes({reinterpret_cast<const char*>(halves), sizeof(halves)});
}

ContentHash ReadHash(RecordReader& in) {
  std::uint64_t halves[2];
  in.Bytes(sizeof(halves)).copy(reinterpret_cast<char*>(halves), sizeof(halves));
  return {halves[0], halves[1]};
}

void WriteEntry(RecordWriter& out, std::string_view source_file, const LedgerEntry& entry) {
  std::uint8_t flags = kHasEntry;
  if (entry.key == source_file) flags |= kKeyIsSourceFile;
  if (entry.version.settled) flags |= kSettled;
  if (entry.hash) flags |= kHasHash;
  if (entry.replaced) flags |= kReplaced;
  if (entry.repeated) flags |= kRepeated;
  if (entry.transient) flags |= kTransient;
  out.Byte(static_cast<char>(flags));
  out.Byte(static_cast<char>(entry.outcome));
  if (entry.key != source_file) out.Text(entry.key);
  WriteText(out, entry.version.etag);
  WriteText(out, entry.version.version_id);
  out.Int(entry.size);
  out.Int(MicrosSinceEpoch(entry.uploaded_at));
  if (entry.hash) WriteHash(out, *entry.hash);
  out.Int(entry.file_version);
  out.Int(entry.highest_version - entry.file_version);
  out.Int(entry.row_count);
  out.Int(entry.rejected_count);
  out.Int(entry.duration_ms);
  out.Int(MicrosSinceEpoch(entry.ingest_time) - MicrosSinceEpoch(entry.uploaded_at));
  out.Text(entry.error);
  out.Text(entry.settings);
}

std::optional<LedgerEntry> ReadEntry(RecordReader& in, std::string_view source_file) {
  const auto flags = static_cast<std::uint8_t>(in.Byte());
  if ((flags & kHasEntry) == 0) return std::nullopt;
  LedgerEntry entry;
  entry.source_file = source_file;
  entry.outcome = static_cast<EntryOutcome>(in.Byte());
  entry.key = (flags & kKeyIsSourceFile) != 0 ? source_file : in.Text();
  entry.version.etag = ReadText(in);
  entry.version.version_id = ReadText(in);
  entry.version.settled = (flags & kSettled) != 0;
  entry.size = in.Int();
  const std::int64_t uploaded_at = in.Int();
  entry.uploaded_at = FromMicros(uploaded_at);
  if ((flags & kHasHash) != 0) entry.hash = ReadHash(in);
  entry.file_version = in.Int();
  entry.highest_version = entry.file_version + in.Int();
  entry.row_count = in.Int();
  entry.rejected_count = in.Int();
  entry.duration_ms = in.Int();
  entry.ingest_time = FromMicros(uploaded_at + in.Int());
  entry.error = in.Text();
  entry.settings = in.Text();
  entry.replaced = (flags & kReplaced) != 0;
  entry.repeated = (flags & kRepeated) != 0;
  entry.transient = (flags & kTransient) != 0;
  return entry;
}

// "1a2b3c4d-<uuid>.parquet", begun with the key's hash, as load_file.cc names files.
constexpr std::size_t kUuidLength = 36;
constexpr std::string_view kSuffix = ".parquet";

std::string PathPrefix(std::string_view source_file) {
  return fmt::format("{:08x}-", HashKey(source_file) >> 32);
}

void WritePath(RecordWriter& out, std::string_view source_file, std::string_view path) {
  const std::string prefix = PathPrefix(source_file);
  if (path.size() == prefix.size() + kUuidLength + kSuffix.size() && path.starts_with(prefix) &&
      path.ends_with(kSuffix)) {
    const std::string_view uuid = path.substr(prefix.size(), kUuidLength);
    std::string digits;
    bool dashes = true;
    for (std::size_t i = 0; i < kUuidLength; ++i) {
      const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
      if (dash) {
        dashes = dashes && uuid[i] == '-';
      } else {
        digits += uuid[i];
      }
    }
    if (dashes && IsHex(digits)) {
      out.Byte(static_cast<char>(TextForm::kHex));
      out.Bytes(FromHexText(digits));
      return;
    }
  }
  out.Byte(static_cast<char>(TextForm::kPlain));
  out.Text(path);
}

std::string ReadPath(RecordReader& in, std::string_view source_file) {
  if (static_cast<TextForm>(in.Byte()) == TextForm::kPlain) return std::string(in.Text());
  const std::string digits = ToHexText(in.Bytes(16));
  const std::string_view view = digits;
  return fmt::format("{}{}-{}-{}-{}-{}{}", PathPrefix(source_file), view.substr(0, 8), view.substr(8, 4),
                     view.substr(12, 4), view.substr(16, 4), view.substr(20), kSuffix);
}

void WriteTag(RecordWriter& out, const FileTag& tag) {
  WriteText(out, tag.identity);
  WriteHash(out, tag.hash);
  out.Int(tag.size);
  out.Int(tag.file_version);
  out.Int(tag.rows);
  out.Int(tag.rejected);
  out.Int(tag.files);
  out.Int(tag.file_rows);
}

FileTag ReadTag(RecordReader& in, std::string_view source_file) {
  FileTag tag;
  tag.source_file = source_file;
  tag.identity = ReadText(in);
  tag.hash = ReadHash(in);
  tag.size = in.Int();
  tag.file_version = in.Int();
  tag.rows = in.Int();
  tag.rejected = in.Int();
  tag.files = in.Int();
  tag.file_rows = in.Int();
  return tag;
}

}  // namespace

FileTag TagOf(const LedgerEntry& entry, std::size_t files) {
  FileTag tag;
  tag.source_file = entry.source_file;
  tag.identity = entry.version.Identity();
  tag.hash = entry.hash.value_or(ContentHash{});
  tag.size = entry.size;
  tag.file_version = entry.file_version;
  tag.rows = entry.row_count;
  tag.rejected = entry.rejected_count;
  tag.files = static_cast<std::int64_t>(files);
  return tag;
}

std::string Pack(std::string_view source_file, const KnownKey& known) {
  RecordWriter out;
  if (known.last) {
    WriteEntry(out, source_file, *known.last);
  } else {
    out.Byte('\0');
  }
  out.Int(static_cast<std::int64_t>(known.own.size()));
  for (const OwnFile& file : known.own) {
    WritePath(out, source_file, file.path);
    FileTag told = known.last ? TagOf(*known.last, known.own.size()) : FileTag{};
    told.file_rows = file.tag.file_rows;
    const bool as_told = known.last && told == file.tag;
    out.Byte(as_told ? '\1' : '\0');
    if (as_told) {
      out.Int(file.tag.file_rows);
    } else {
      WriteTag(out, file.tag);
    }
  }
  out.Int(static_cast<std::int64_t>(known.shared.size()));
  for (const SharedRows& rows : known.shared) {
    out.Int(rows.file);
    out.Int(rows.file_version);
    out.Int(static_cast<std::int64_t>(rows.ranges.size()));
    for (const RowRange& range : rows.ranges) {
      out.Int(range.first);
      out.Int(range.count);
    }
  }
  return std::move(out).bytes();
}

KnownKey Unpack(std::string_view source_file, std::string_view packed) {
  RecordReader in(packed);
  KnownKey known;
  known.last = ReadEntry(in, source_file);
  known.own.resize(static_cast<std::size_t>(in.Int()));
  for (OwnFile& file : known.own) {
    file.path = ReadPath(in, source_file);
    if (in.Byte() == '\0') {
      file.tag = ReadTag(in, source_file);
    } else {
      file.tag = TagOf(*known.last, known.own.size());
      file.tag.file_rows = in.Int();
    }
  }
  known.shared.resize(static_cast<std::size_t>(in.Int()));
  for (SharedRows& rows : known.shared) {
    rows.file = static_cast<std::uint32_t>(in.Int());
    rows.file_version = in.Int();
    rows.ranges.resize(static_cast<std::size_t>(in.Int()));
    for (RowRange& range : rows.ranges) {
      range.first = in.Int();
      range.count = in.Int();
    }
  }
  return known;
}

}  // namespace rtl::load
