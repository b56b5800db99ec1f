#include "decode/line_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "decode/decompressor.h"

namespace rtl::decode {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// Room for a step of unpacking: a resized string is cleared first, which a small file need not pay for.
constexpr std::size_t kMinUnpackBytes = 16 << 10;
constexpr std::size_t kMaxUnpackBytes = 1 << 20;

}  // namespace

// Bytes flow: read -> piece -> (decompressor) -> buffer -> slices. What is pending is the buffer from `begin`
// on, so that cutting a slice moves nothing; the plain path takes a piece over as the buffer when it can.
struct LineSource::Impl {
  Impl(Read r, SliceOptions o) : read(std::move(r)), options(o) {}

  std::string_view Pending() const { return std::string_view(buffer).substr(begin); }

  Result<> Start();
  Result<> Fill(std::size_t wanted);
  Result<> FillPlain();
  Result<> Unpack();
  Result<> CheckLine(std::size_t length) const;
  Slice Cut(std::size_t length);

  Read read;
  SliceOptions options;
  std::unique_ptr<Decompressor> decompressor;
  std::string piece;       // compressed bytes as read
  std::string_view input;  // what is left of it
  std::string buffer;      // decompressed
  std::size_t begin = 0;
  std::int64_t offset = 0;    // of buffer[begin] in the file
  std::int64_t unpacked = 0;  // bytes, all in all
  bool started = false;
  bool input_ended = false;  // read() gave its last
  bool ended = false;        // nothing more will be pending
};

// Looks at the first bytes: what compresses them, and a byte order mark.
Result<> LineSource::Impl::Start() {
  started = true;
  while (piece.size() < kMagicBytes && !input_ended) {
    RTL_TRY(const std::string more, read());
    if (more.empty()) input_ended = true;
    piece += more;
  }
  RTL_TRY(decompressor, DecompressorFor(piece));
  if (decompressor) {
    input = piece;
  } else {
    buffer = std::exchange(piece, {});
    ended = input_ended;
  }
  RTL_CHECK(Fill(kByteOrderMark.size()));
  if (Pending().starts_with(kByteOrderMark)) {
    begin = kByteOrderMark.size();
    offset = static_cast<std::int64_t>(begin);
  }
  return {};
}

Result<> LineSource::Impl::FillPlain() {
  RTL_TRY(std::string more, read());
  if (more.empty()) {
    ended = true;
  } else if (buffer.empty()) {
    buffer = std::move(more);
  } else {
    buffer += more;
  }
  return {};
}

Result<> LineSource::Impl::Unpack() {
  const std::size_t before = buffer.size();
  const std::size_t offered = input.size();
  const std::size_t room = std::clamp(input.size() * 8, kMinUnpackBytes, kMaxUnpackBytes);
  RTL_CHECK(decompressor->Unpack(input, buffer, room));
  unpacked += static_cast<std::int64_t>(buffer.size() - before);
  if (unpacked > options.max_decompressed_bytes) {
    return Fail(ErrorKind::kResourceExhausted,
                fmt::format("unpacks to more than {} bytes", options.max_decompressed_bytes));
  }
  if (buffer.size() != before || input.size() != offered) return {};
  if (input_ended) {
    ended = true;
    return decompressor->Finish();
  }
  RTL_TRY(piece, read());
  input = piece;
  input_ended = piece.empty();
  return {};
}

// At least so many pending bytes, unless the file ends before.
Result<> LineSource::Impl::Fill(std::size_t wanted) {
  if (ended || buffer.size() - begin >= wanted) return {};
  buffer.erase(0, begin);
  begin = 0;
  while (!ended && buffer.size() < wanted) {
    if (decompressor) {
      RTL_CHECK(Unpack());
    } else {
      RTL_CHECK(FillPlain());
    }
  }
  return {};
}

Result<> LineSource::Impl::CheckLine(std::size_t length) const {
  if (static_cast<std::int64_t>(length) <= options.max_line_bytes) return {};
  return Fail(ErrorKind::kResourceExhausted,
              fmt::format("the line at byte {} is longer than {} bytes", offset, options.max_line_bytes));
}

Slice LineSource::Impl::Cut(std::size_t length) {
  Slice slice{.bytes = {}, .byte_offset = offset};
  offset += static_cast<std::int64_t>(length);
  if (begin == 0 && length == buffer.size()) {
    slice.bytes = std::exchange(buffer, {});
    return slice;
  }
  slice.bytes = buffer.substr(begin, length);
  begin += length;
  if (begin == buffer.size()) {
    buffer.clear();
    begin = 0;
  }
  return slice;
}

LineSource::LineSource(Read read, SliceOptions options)
    : impl_(std::make_unique<Impl>(std::move(read), options)) {}
LineSource::~LineSource() = default;

Result<std::optional<Slice>> LineSource::Next() {
  Impl& in = *impl_;
  if (!in.started) RTL_CHECK(in.Start());
  // No longer than a line may be: then what fits into it needs no look at its lines.
  const auto target = static_cast<std::size_t>(
      std::max<std::int64_t>(1, std::min(in.options.slice_bytes, in.options.max_line_bytes)));
  RTL_CHECK(in.Fill(target));
  const std::size_t pending = in.Pending().size();
  if (pending == 0) return std::nullopt;
  if (in.ended && pending <= target) return in.Cut(pending);

  // The last line end within the target; else the first one behind it, however far.
  std::size_t newline = in.Pending().substr(0, target).rfind('\n');
  std::size_t searched = std::min(target, pending);
  while (newline == std::string_view::npos) {
    newline = in.Pending().find('\n', searched);
    const std::size_t size = in.Pending().size();
    RTL_CHECK(in.CheckLine(std::min(newline, size)));
    if (newline == std::string_view::npos) {
      if (in.ended) return in.Cut(size);
      searched = size;
      RTL_CHECK(in.Fill(size + 1));
    }
  }
  return in.Cut(newline + 1);
}

}  // namespace rtl::decode
