// The XML bodies of S3's API, as values. Pure; kBadData when a body is not what the operation answers with.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "store/object_store.h"

namespace rtl::s3 {

struct ErrorBody {
  std::string code;
  std::string message;
  std::string region;         // AuthorizationHeaderMalformed, PermanentRedirect
  std::string storage_class;  // InvalidObjectState
};
// nullopt: no <Error> document.
std::optional<ErrorBody> ParseError(std::string_view xml);

struct ListPage {
  std::vector<store::ObjectInfo> objects;  // keys whole, as in the bucket
  std::string next_token;                  // empty: the last page
};
Result<ListPage> ParseListObjects(std::string_view xml);

struct VersionsPage {
  std::vector<store::ListedVersion> versions;  // as S3 orders them: by key, the newest first
  std::string next_key;                        // markers of the next page
  std::string next_version;
  bool truncated = false;
};
Result<VersionsPage> ParseListVersions(std::string_view xml);

bool FitsXml(std::string_view key);  // false: an XML document cannot name it, so it is deleted by itself
std::string DeleteBody(std::span<const std::string> keys);  // quiet: only what failed is answered
struct DeleteFailure {
  std::string key, code, message;
};
Result<std::vector<DeleteFailure>> ParseDeleteResult(std::string_view xml);

bool IsDocument(std::string_view xml, std::string_view root);  // well-formed, with that root

Result<std::string> ParseUploadId(std::string_view xml);
struct Part {
  int number = 0;
  std::string etag;
  std::string checksum;  // base64, of the upload's algorithm; empty: none
};
std::string CompleteBody(std::span<const Part> parts, std::string_view checksum_element);

// "Enabled", "Suspended", "" when it never was.
Result<std::string> ParseVersioning(std::string_view xml);

// "2026-01-31T12:00:00.000Z" cut to seconds, which is all that a HEAD tells.
std::optional<Timestamp> ParseIsoTime(std::string_view text);
std::optional<Timestamp> ParseHttpTime(std::string_view text);

// What S3 says of an ETag, without its quotes.
std::string Unquote(std::string_view etag);

}  // namespace rtl::s3
