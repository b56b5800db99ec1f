// GET and HEAD.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "aws/sign.h"
#include "s3/checksum.h"
#include "s3/s3_client.h"

namespace rtl::s3 {
namespace {

std::optional<std::int64_t> ToNumber(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 0)
    return std::nullopt;
  return value;
}

// kBadData: the answer does not say which version it is of, or how long it is. Neither may be guessed: an
// object without a length would pass for an empty one.
Result<store::ObjectInfo> InfoOf(std::string_view key, const http::Response& response) {
  store::ObjectInfo info;
  info.key = key;
  info.version.etag = Unquote(response.Header("ETag"));
  info.version.version_id = response.Header("x-amz-version-id");
  if (info.version.version_id == "null") info.version.version_id.clear();
  info.modified_at = ParseHttpTime(response.Header("Last-Modified")).value_or(Timestamp());
  const auto length = ToNumber(response.Header("Content-Length"));
  if (!length) return Fail(ErrorKind::kBadData, "the answer does not tell the object's length");
  if (info.version.etag.empty())
    return Fail(ErrorKind::kBadData, "the answer does not tell the object's ETag");
  info.size = *length;
  return info;
}

// "bytes 0-99/1000".
struct ContentRange {
  std::int64_t first = 0, last = 0, size = 0;
};
std::optional<ContentRange> ParseContentRange(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (dash == text.npos || slash == text.npos || dash > slash) return std::nullopt;
  const auto first = ToNumber(text.substr(0, dash));
  const auto last = ToNumber(text.substr(dash + 1, slash - dash - 1));
  const auto size = ToNumber(text.substr(slash + 1));
  if (!first || !last || !size || *last < *first || *size <= *last) return std::nullopt;
  return ContentRange{*first, *last, *size};
}

// Takes from the answer the bytes that were asked for.
Result<> TakeRange(const store::ByteRange& range, const http::Response& response, store::Object& object) {
  if (response.status != 206) {  // a server may leave a Range aside and send all
    const std::int64_t begin = std::min(range.offset, object.info.size);
    object.bytes =
        object.bytes.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(range.length));
    return {};
  }
  const auto got = ParseContentRange(response.Header("Content-Range"));
  if (!got || got->first != range.offset || got->last - got->first + 1 != object.info.size ||
      object.info.size > range.length) {
    return Fail(
        ErrorKind::kBadData,
        fmt::format("bytes {} and {} more were asked for, the answer has \"{}\" and {} bytes", range.offset,
                    range.length - 1, response.Header("Content-Range"), object.info.size));
  }
  object.info.size = got->size;
  return {};
}

// Of parts of an object, or parts' checksums put together ("...-3"), nothing is known.
bool HasItsChecksum(const http::Response& response, std::string_view bytes) {
  const std::string_view type = response.Header("x-amz-checksum-type");
  if (!type.empty() && type != "FULL_OBJECT") return true;
  const auto is = [](std::string_view expected, const auto& computed) {
    return expected.empty() || expected.find('-') != expected.npos || expected == computed();
  };
  return is(response.Header("x-amz-checksum-crc32c"), [&] { return Crc32cBase64(bytes); }) &&
         is(response.Header("x-amz-checksum-sha256"), [&] { return Base64(Sha256(bytes)); });
}

}  // namespace

Result<store::Object> S3Client::GetObject(const GetRequest& request) {
  if (request.range && request.range->length == 0) return NoBytes(request);
  RTL_TRY(auto object, GetBytes(request));
  if (!object) return NoBytes(request);
  return std::move(*object);
}

Result<std::optional<store::Object>> S3Client::GetBytes(const GetRequest& request) {
  Ask ask;
  ask.kind = "GET";
  ask.key = request.key;
  ask.question =
      MakeQuestion(request.version_id.empty() ? "s3:GetObject" : "s3:GetObjectVersion", request.key);
  ask.question.body_is_data = true;
  ask.max_response_bytes = request.max_bytes;
  if (!request.version_id.empty()) ask.query = "versionId=" + aws::UriEncode(request.version_id, false);
  if (!request.if_match.empty()) ask.headers.push_back({"If-Match", fmt::format("\"{}\"", request.if_match)});
  if (request.range) {
    const auto [offset, length] = *request.range;
    const std::int64_t last = length > INT64_MAX - offset ? INT64_MAX : offset + length - 1;
    ask.headers.push_back({"Range", fmt::format("bytes={}-{}", offset, last)});
    ask.question.past_the_end_is_a_value = true;
  } else {
    ask.headers.push_back({"x-amz-checksum-mode", "ENABLED"});
  }
  AddCustomerKey(ask.headers);
  const auto told = [&](const Error& error) { return Fail(error.Wrap("GET " + Uri(request.key))); };
  for (int attempt = 0;; ++attempt) {
    RTL_TRY(http::Response response, Send(ask));
    if (response.status == 416) return std::nullopt;
    auto info = InfoOf(request.key, response);
    if (!info) return told(info.error());
    store::Object object{std::move(*info), std::move(response.body)};
    if (request.range) {
      if (const auto taken = TakeRange(*request.range, response, object); !taken) return told(taken.error());
    } else if (!HasItsChecksum(response, object.bytes)) {
      if (attempt == 0) continue;
      return told(Error(ErrorKind::kUnavailable,
                        "the bytes that came, twice, do not have the checksum that S3 keeps of the object"));
    }
    return object;
  }
}

// None of its bytes, but what it is, as a GET says it.
Result<store::Object> S3Client::NoBytes(const GetRequest& request) {
  RTL_TRY(auto info, HeadObject(request.key, request.version_id));
  if (!info)
    return Fail(ErrorKind::kNotFound, fmt::format("GET {}: there is no such object", Uri(request.key)));
  if (!request.if_match.empty() && info->version.etag != request.if_match) {
    return Fail(ErrorKind::kConflict,
                fmt::format("GET {}: the object is not at the version that was asked for", Uri(request.key)));
  }
  return store::Object{std::move(*info), {}};
}

Result<std::optional<store::ObjectInfo>> S3Client::HeadObject(std::string_view key,
                                                              std::string_view version_id) {
  auto head = TryHead(key, version_id);
  if (head) return head;
  const ErrorKind kind = head.error().kind();
  if (kind != ErrorKind::kPermissionDenied && kind != ErrorKind::kBadData) return head;
  // Expired, skewed, denied, archived: a HEAD says 400 or 403 to all of them.
  GetRequest one_byte;
  one_byte.key = key;
  one_byte.version_id = version_id;
  one_byte.range = store::ByteRange{0, 1};
  const auto why = GetBytes(one_byte);
  if (why) return TryHead(key, version_id);
  if (why.error().kind() == ErrorKind::kNotFound) return std::nullopt;
  return Fail(why.error());
}

Result<std::optional<store::ObjectInfo>> S3Client::TryHead(std::string_view key,
                                                           std::string_view version_id) {
  Ask ask;
  ask.kind = "HEAD";
  ask.method = "HEAD";
  ask.key = key;
  ask.question = MakeQuestion(version_id.empty() ? "s3:GetObject" : "s3:GetObjectVersion", key);
  ask.question.absent_is_a_value = true;
  if (!version_id.empty()) ask.query = "versionId=" + aws::UriEncode(version_id, false);
  AddCustomerKey(ask.headers);
  RTL_TRY(const http::Response response, Send(ask));
  if (response.status == 404) return std::nullopt;
  auto info = InfoOf(key, response);
  if (!info) return Fail(info.error().Wrap("HEAD " + Uri(key)));
  return std::move(*info);
}

}  // namespace rtl::s3
