#include "s3/s3_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>

#include "s3/s3_client.h"
#include "s3/s3_lister.h"

namespace rtl::s3 {
namespace {

using store::ObjectInfo;
using store::PutIfAbsentOutcome;

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
    auto object = options.range ? GetRange(key, options) : GetWhole(key, options);
    // A server that does not keep to what was asked for must not pass for another version's bytes.
    if (object && options.pin && !IsAt(*options.pin, object->info.version)) {
      return Fail(ErrorKind::kConflict,
                  fmt::format("{}: it is not at the version that was asked for", Uri(key)));
    }
    if (object) {
      object->info.key = key;
      bucket_seen_ = true;
    }
    return object;
  }

  Result<ObjectInfo> Head(std::string_view key) override {
    RTL_CHECK(CheckKey(key));
    return HeadOf(key, {});
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

  Result<store::Object> GetWhole(std::string_view key, const store::GetOptions& options) {
    const std::string whole_key = prefix_ + std::string(key);
    return client_->GetObject(RequestFor(whole_key, options));
  }

  Result<store::Object> GetRange(std::string_view key, const store::GetOptions& options) {
    const store::ByteRange range = *options.range;
    if (range.length == 0) return Nothing(key, options);
    const std::string whole_key = prefix_ + std::string(key);
    S3Client::GetRequest request = RequestFor(whole_key, options);
    if (range.length <= options_.part_bytes) {
      request.range = range;
      auto object = client_->GetObject(request);
      return IsPastTheEnd(object) ? Nothing(key, options) : std::move(object);
    }
    // The first part tells the size and the version that the others are pinned to.
    request.range = store::ByteRange{range.offset, options_.part_bytes};
    auto first = client_->GetObject(request);
    if (IsPastTheEnd(first)) return Nothing(key, options);
    if (!first) return first;
    return GetRest(std::move(*first), whole_key, range, request);
  }

  Result<store::Object> GetRest(store::Object first, const std::string& whole_key, store::ByteRange range,
                                S3Client::GetRequest request) {
    if (request.version_id.empty()) request.version_id = first.info.version.version_id;
    if (request.version_id.empty()) request.if_match = first.info.version.etag;
    request.key = whole_key;
    const std::int64_t length = std::min(range.length, first.info.size - range.offset);
    const std::int64_t part_bytes = options_.part_bytes;
    const std::int64_t parts = (length + part_bytes - 1) / part_bytes;
    if (parts <= 1) return first;
    store::Object object = std::move(first);
    object.bytes.resize(static_cast<std::size_t>(length));
    std::atomic<std::int64_t> next = 1;
    std::mutex mutex;
    std::optional<Error> failed;
    {
      std::vector<std::future<void>> threads;
      threads.reserve(static_cast<std::size_t>(options_.parallel_parts));

      for (std::int64_t t = 0; t < std::min<std::int64_t>(options_.parallel_parts, parts - 1); ++t) {
        threads.push_back(std::async(std::launch::async, [&] {
          for (std::int64_t i = next++; i < parts; i = next++) {
            const std::int64_t begin = i * part_bytes;
            const std::int64_t wanted = std::min(part_bytes, length - begin);
            S3Client::GetRequest mine = request;
            mine.range = store::ByteRange{range.offset + begin, wanted};
            auto part = client_->GetObject(mine);
            if (part && static_cast<std::int64_t>(part->bytes.size()) != wanted) {
              part = Fail(ErrorKind::kUnavailable,
                          fmt::format("GET: {}: {} bytes came where {} were due", client_->Uri(whole_key),
                                      part->bytes.size(), wanted));
            }
            if (part) {
              std::copy(part->bytes.begin(), part->bytes.end(), object.bytes.begin() + begin);
              continue;
            }
            const std::lock_guard lock(mutex);
            if (!failed) failed = part.error();
            next = parts;
          }
        }));
      }
    }
    if (failed) return Fail(*failed);
    return object;
  }

  static bool IsAt(const ObjectVersion& pin, const ObjectVersion& version) {
    return (pin.etag.empty() || pin.etag == version.etag) &&
           (pin.version_id.empty() || pin.version_id == version.version_id);
  }

  static bool IsPastTheEnd(const Result<store::Object>& object) {
    return !object && object.error().kind() == ErrorKind::kBadData &&
           object.error().message().find("the object has no bytes there") != std::string::npos;
  }

  // No bytes of it, but what it is, as a Get says it.
  Result<store::Object> Nothing(std::string_view key, const store::GetOptions& options) {
    store::Object object;
    RTL_TRY(object.info, HeadOf(key, options.pin ? options.pin->version_id : std::string()));
    if (options.pin && !options.pin->etag.empty() && options.pin->etag != object.info.version.etag) {
      return Fail(ErrorKind::kConflict,
                  fmt::format("{}: it is not at the version that was asked for", Uri(key)));
    }
    return object;
  }

  Result<ObjectInfo> HeadOf(std::string_view key, std::string_view version_id) {
    RTL_TRY(auto info, client_->HeadObject(prefix_ + std::string(key), version_id));
    if (info) {
      info->key = key;
      bucket_seen_ = true;
      return std::move(*info);
    }
    // A HEAD's 404 has no body: an absent bucket must not look like absent files.
    if (!bucket_seen_) {
      // With the prefix: rights are often given for it alone.
      RTL_CHECK(client_->ListObjects({.prefix = prefix_, .start_after = {}, .token = {}, .max_keys = 1}));
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
