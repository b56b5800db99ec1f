#include "load/pinned_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace rtl::load {
namespace {

// A range of this size and more may be fetched in parallel parts.
constexpr std::int64_t kRangeFromBytes = 8 << 20;

}  // namespace

Result<std::string> PinnedReader::Next() {
  if (begun_ && offset_ >= object_.size) return std::string();
  const std::int64_t wanted = std::min(piece_bytes_, object_.size - offset_);
  store::GetOptions options;
  options.pin = object_.version;
  if (object_.size > kRangeFromBytes) options.range = store::ByteRange{offset_, wanted};
  RTL_TRY(store::Object piece, store_.Get(object_.key, options));
  if (static_cast<std::int64_t>(piece.bytes.size()) != wanted) {
    return Fail(ErrorKind::kUnavailable, fmt::format("{}: {} bytes came where {} were due (offset {})",
                                                     object_.key, piece.bytes.size(), wanted, offset_));
  }
  // Settled before its first byte was read: it cannot have changed since without its etag showing it.
  if (offset_ == 0 && piece.info.version.settled) object_.version.settled = true;
  if (object_.version.version_id.empty()) object_.version.version_id = piece.info.version.version_id;
  begun_ = true;
  offset_ += wanted;

  hasher_.Update(piece.bytes);
  return std::move(piece.bytes);
}

}  // namespace rtl::load
