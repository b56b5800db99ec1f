#include "s3/parts_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "s3/parallel.h"

namespace rtl::s3 {

Result<store::Object> GetInParts(S3Client& client, S3Client::GetRequest request, std::int64_t part_bytes,
                                 int parallel_parts) {
  const store::ByteRange whole = request.range.value_or(store::ByteRange{0, INT64_MAX});
  // The first part tells the size, and the version that the others are pinned to.
  request.range = store::ByteRange{whole.offset, std::min(whole.length, part_bytes)};
  RTL_TRY(store::Object object, client.GetObject(request));
  const std::int64_t length = std::clamp<std::int64_t>(object.info.size - whole.offset, 0, whole.length);
  const auto check = [&](const store::Object& part, std::int64_t wanted) -> Result<> {
    if (std::cmp_equal(part.bytes.size(), wanted)) return {};
    return Fail(ErrorKind::kUnavailable, fmt::format("GET {}: {} bytes came where {} were due",
                                                     client.Uri(request.key), part.bytes.size(), wanted));
  };
  RTL_CHECK(check(object, std::min(length, part_bytes)));
  const std::int64_t parts = (length + part_bytes - 1) / part_bytes;
  if (parts <= 1) return object;

  if (request.version_id.empty()) request.version_id = object.info.version.version_id;
  request.if_match = request.version_id.empty() ? object.info.version.etag : std::string();
  object.bytes.resize(static_cast<std::size_t>(length));
  const auto read = ForEachPiece(parts - 1, parallel_parts, [&](std::int64_t i) -> Result<> {
    const std::int64_t begin = (i + 1) * part_bytes;
    S3Client::GetRequest mine = request;
    mine.range = store::ByteRange{whole.offset + begin, std::min(part_bytes, length - begin)};
    RTL_TRY(const store::Object part, client.GetObject(mine));
    RTL_CHECK(check(part, mine.range->length));
    // Also from a server that leaves conditions aside no two versions are mixed.
    if (part.info.version.etag != object.info.version.etag) {
      return Fail(ErrorKind::kConflict,
                  fmt::format("GET {}: it changed while it was read", client.Uri(request.key)));
    }
    std::copy(part.bytes.begin(), part.bytes.end(), object.bytes.begin() + begin);
    return {};
  });
  if (!read) return Fail(read.error());
  return object;
}

}  // namespace rtl::s3
