#include "s3/s3_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "s3/parts_reader.h"
#include "s3/s3_client.h"
#include "s3/s3_lister.h"

namespace rtl::s3 {
namespace {

using store::ObjectInfo;
using store::PutIfAbsentOutcome;

constexpr int kChangesWhileRead = 5;
constexpr std::int64_t kSmall = 1 << 20;  // is read by one request, however small the parts

Result<> CheckKey(std::string_view key) {
  if (key.empty()) return Fail(ErrorKind::kBadData, "an object's key must not be empty");
  if (key.find('\0') != std::string_view::npos) {
    return Fail(ErrorKind::kBadData, "an object's key must not hold a NUL character");
  }
  return {};
}

class S3Store final : public store::ObjectStore {
 public:
  S3Store(Location location, Options options, std::shared_ptr<S3Client> client)
      : prefix_(std::move(location.prefix)), options_(std::move(options)), client_(std::move(client)) {}

  store::StoreTraits Traits() const override {
    return {.remote = true, .read_bytes = options_.part_bytes * std::max(1, options_.parallel_parts)};
  }

  Result<store::Object> Get(std::string_view key, const store::GetOptions& options) override {
    RTL_CHECK(CheckKey(key));
    if (options.range && (options.range->offset < 0 || options.range->length < 0)) {
      return Fail(ErrorKind::kInternal, fmt::format("{}: a range must not be negative", Uri(key)));
    }
    const std::string whole_key = prefix_ + std::string(key);
    auto object = GetAt(whole_key, options);
    // Nobody asked for one version: the next one will do.
    for (int i = 0; i < kChangesWhileRead && !options.pin && Changed(object); ++i) {
      object = GetAt(whole_key, options);
    }
    if (!options.pin && Changed(object)) {
      return Fail(ErrorKind::kUnavailable, fmt::format("{}: it changes all the time", Uri(key)));
    }
    if (!object) return object;
    // A server that does not keep to what was asked for must not pass for another version's bytes.
    if (options.pin && !IsAt(*options.pin, object->info.version)) {
      return Fail(ErrorKind::kConflict,
                  fmt::format("{}: it is not at the version that was asked for", Uri(key)));
    }
    object->info.key = key;
    bucket_seen_ = true;
    return object;
  }

  Result<ObjectInfo> Head(std::string_view key) override {
    RTL_CHECK(CheckKey(key));
    return HeadOf(key);
  }

  Result<> Put(std::string_view key, std::string_view bytes) override {
    RTL_CHECK(CheckKey(key));
    RTL_CHECK(client_->PutObject(prefix_ + std::string(key), bytes));
    return {};
  }

  Result<PutIfAbsentOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) override {
    RTL_CHECK(CheckKey(key));
    const auto put =
        client_->PutObject(prefix_ + std::string(key), bytes, {.if_none_match = true, .if_match = {}});
    // Stopped while it waited for the answer.
    if (!put && put.error().kind() == ErrorKind::kCancelled) {
      return Fail(ErrorKind::kCommitUnknown, put.error().message());
    }
    RTL_TRY(const PutAnswer answer, put);
    return answer == PutAnswer::kWritten ? PutIfAbsentOutcome::kCreated : PutIfAbsentOutcome::kExists;
  }

  Result<std::unique_ptr<store::ObjectLister>> List(std::string_view prefix,
                                                    std::string_view start_after) override {
    return MakeObjectLister(client_, prefix_, prefix, start_after);
  }

  Result<std::unique_ptr<store::VersionLister>> ListVersions(std::string_view prefix) override {
    return MakeVersionLister(client_, prefix_, prefix);
  }

  Result<> Delete(std::string_view key) override {
    RTL_CHECK(CheckKey(key));
    return client_->DeleteObject(prefix_ + std::string(key));
  }

  Result<> DeleteAll(std::span<const std::string> keys) override {
    std::vector<std::string> whole;
    whole.reserve(keys.size());
    for (const std::string& key : keys) {
      RTL_CHECK(CheckKey(key));
      whole.push_back(prefix_ + key);
    }
    return client_->DeleteObjects(whole);
  }

  std::string Uri() const override { return client_->Uri(prefix_); }

 private:
  std::string Uri(std::string_view key) const { return client_->Uri(prefix_ + std::string(key)); }

  S3Client::GetRequest RequestFor(const std::string& key, const store::GetOptions& options) const {
    S3Client::GetRequest request;
    request.key = key;
    if (options.pin) {
      request.version_id = options.pin->version_id;
      // A version never changes; its ETag need not be asked for.
      if (request.version_id.empty()) request.if_match = options.pin->etag;
    }
    return request;
  }

  Result<store::Object> GetAt(const std::string& whole_key, const store::GetOptions& options) {
    S3Client::GetRequest request = RequestFor(whole_key, options);
    request.range = options.range;
    const bool in_parts = options.range && options.range->length > options_.part_bytes;
    if (!in_parts) {
      // Most objects are small: one request, and the checksum of the whole can be checked.
      request.max_bytes = std::max(options_.part_bytes, kSmall);
      auto object = client_->GetObject(request);
      if (object || options.range || object.error().kind() != ErrorKind::kBadData) return object;
    }
    return GetInParts(*client_, std::move(request), options_.part_bytes, options_.parallel_parts);
  }

  static bool Changed(const Result<store::Object>& object) {
    return !object && object.error().kind() == ErrorKind::kConflict;
  }

  static bool IsAt(const ObjectVersion& pin, const ObjectVersion& version) {
    return (pin.etag.empty() || pin.etag == version.etag) &&
           (pin.version_id.empty() || pin.version_id == version.version_id);
  }

  Result<ObjectInfo> HeadOf(std::string_view key) {
    RTL_TRY(auto info, client_->HeadObject(prefix_ + std::string(key)));
    if (info) {
      info->key = key;
      bucket_seen_ = true;
      return std::move(*info);
    }
    // A HEAD's 404 has no body: an absent bucket must not look like absent files.
    if (!bucket_seen_) {
      // With the prefix: rights are often given for it alone. Who may not look is told so only of a bucket
      // that is there.
      const auto bucket =
          client_->ListObjects({.prefix = prefix_, .start_after = {}, .token = {}, .max_keys = 1});
      if (!bucket && bucket.error().kind() != ErrorKind::kPermissionDenied) return Fail(bucket.error());
      bucket_seen_ = true;
    }
    return Fail(ErrorKind::kNotFound, fmt::format("{}: there is no such object", Uri(key)));
  }

  const std::string prefix_;
  const Options options_;
  const std::shared_ptr<S3Client> client_;
  std::atomic<bool> bucket_seen_ = false;
};

}  // namespace

Result<std::unique_ptr<store::ObjectStore>> OpenS3Store(Location location, Options options,
                                                        std::shared_ptr<http::Client> client,
                                                        std::shared_ptr<aws::CredentialsProvider> credentials,
                                                        std::shared_ptr<aws::RequestCounters> counters,
                                                        const Clock& clock) {
  auto s3 = std::make_shared<S3Client>(location.bucket, options, std::move(client), std::move(credentials),
                                       std::move(counters), clock);
  return std::make_unique<S3Store>(std::move(location), std::move(options), std::move(s3));
}

}  // namespace rtl::s3
