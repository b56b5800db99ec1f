// S3's operations on one bucket, a function each. Knows requests and answers, not what they are for; the
// store and the doctor use it. Keys are whole keys of the bucket. Threads: any, any number at once.
//
// Errors: as s3_verdict.cc says, after retries within the budget (aws/caller.h). Secrets are in no message.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/caller.h"
#include "s3/s3_store.h"
#include "s3/s3_verdict.h"
#include "s3/s3_xml.h"
#include "store/object_store.h"

namespace rtl::s3 {

struct Conditions {
  bool if_none_match = false;  // only where there is none
  std::string if_match;        // only over this ETag; empty: whatever is there
};
enum class PutAnswer { kWritten, kPreconditionFailed };

class S3Client {
 public:
  S3Client(std::string bucket, Options options, std::shared_ptr<http::Client> client,
           std::shared_ptr<aws::CredentialsProvider> credentials,
           std::shared_ptr<aws::RequestCounters> counters, const Clock& clock);

  struct GetRequest {
    std::string_view key;
    std::string if_match;    // ETag; empty: whatever is there
    std::string version_id;  // empty: the latest
    std::optional<store::ByteRange> range;
    std::int64_t max_bytes = 1LL << 30;  // a longer answer is kBadData
  };
  // kConflict: not at if_match. A range that begins at the end or after it gives no bytes; info.size is the
  // whole object's. The body is checked against its length and, where S3 sends one of the whole object, its
  // checksum.
  Result<store::Object> GetObject(const GetRequest& request);
  // nullopt: 404. A HEAD cannot tell an absent object from an absent bucket: HeadBucket can. Where it is
  // refused, a GET of one byte is asked why: its answer has a body.
  Result<std::optional<store::ObjectInfo>> HeadObject(std::string_view key, std::string_view version_id = {});

  // One request, or above multipart_from_bytes a multipart upload. With conditions, kCommitUnknown when it
  // may have been carried out.
  Result<PutAnswer> PutObject(std::string_view key, std::string_view bytes,
                              const Conditions& conditions = {});
  Result<> CopyObject(std::string_view from_key, std::string_view to_key);
  Result<> DeleteObject(std::string_view key);
  Result<> DeleteObjects(std::span<const std::string> keys);  // any number

  struct ListRequest {
    std::string prefix, start_after, token;
    int max_keys = 1000;
  };
  Result<ListPage> ListObjects(const ListRequest& request);
  Result<VersionsPage> ListVersions(std::string_view prefix, std::string_view key_marker,
                                    std::string_view version_marker);

  // kBadConfig: no such bucket. `region`: where it lies, where S3 says so.
  Result<> HeadBucket(std::string* region = nullptr);
  Result<std::string> GetVersioning();     // "Enabled", "Suspended", ""
  Result<std::string> GetNotifications();  // the configuration's XML

  const std::string& bucket() const { return bucket_; }
  std::string Uri(std::string_view key) const;  // "s3://bucket/key"
  std::string endpoint() const;                 // scheme and authority
  std::chrono::milliseconds clock_skew() const { return route().caller->clock_skew(); }
  std::string region() const;

 private:
  struct Ask {
    std::string kind;
    std::string method = "GET";
    std::string key;    // empty: of the bucket
    std::string query;  // encoded, without '?'
    std::vector<http::Header> headers;
    std::string_view body;
    Question question;
    bool repeatable = true;
    std::int64_t max_response_bytes = 1LL << 30;
    bool hash_body = false;  // sign the body's SHA-256: small bodies without another checksum
  };
  struct Route {
    std::string region;
    std::shared_ptr<aws::Caller> caller;
  };
  enum class CompleteAnswer { kWritten, kPreconditionFailed, kConflict };

  Result<http::Response> Send(const Ask& ask);
  Result<http::Response> SendBy(const Route& route, const Ask& ask, std::string& other_region);
  Question MakeQuestion(std::string_view action, std::string_view key) const;
  std::string Url(std::string_view region, std::string_view key, std::string_view query) const;
  std::string EndpointOf(std::string_view region) const;
  std::shared_ptr<aws::Caller> MakeCaller(const std::string& region);
  Route route() const;
  bool LeaveRegion(const std::string& used, const std::string& other);

  void AddWriteHeaders(std::vector<http::Header>& headers) const;
  void AddCustomerKey(std::vector<http::Header>& headers, std::string_view prefix = "x-amz-") const;
  void AddChecksum(std::vector<http::Header>& headers, std::string_view bytes) const;
  std::string ChecksumOf(std::string_view bytes) const;  // as AddChecksum sends it
  static void AddConditions(std::vector<http::Header>& headers, const Conditions& conditions);

  Result<std::optional<store::Object>> GetBytes(const GetRequest& request);  // nullopt: past the end
  Result<store::Object> NoBytes(const GetRequest& request);
  Result<std::optional<store::ObjectInfo>> TryHead(std::string_view key, std::string_view version_id);

  Result<PutAnswer> PutWhole(std::string_view key, std::string_view bytes, const Conditions& conditions);
  Result<PutAnswer> PutInParts(std::string_view key, std::string_view bytes, const Conditions& conditions);
  Result<CompleteAnswer> UploadOnce(std::string_view key, std::string_view bytes,
                                    const Conditions& conditions);
  Result<std::string> CreateUpload(std::string_view key);
  Result<Part> PutPart(std::string_view key, const std::string& upload, int number, std::string_view bytes);
  Result<CompleteAnswer> Complete(std::string_view key, const std::string& upload,
                                  std::span<const Part> parts, const Conditions& conditions);
  void Abort(std::string_view key, const std::string& upload);
  Result<std::vector<std::string>> DeleteBatch(std::span<const std::string> keys);

  const std::string bucket_;
  const Options options_;
  const bool virtual_host_;
  const std::shared_ptr<http::Client> client_;
  const std::shared_ptr<aws::CredentialsProvider> credentials_;
  const std::shared_ptr<aws::RequestCounters> counters_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  Route route_;
};

}  // namespace rtl::s3
