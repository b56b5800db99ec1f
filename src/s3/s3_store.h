// S3 as an ObjectStore: a bucket and a prefix in it. Keys are any bytes S3 takes, also "..", "//" and a
// leading
// '/': they are sent as they are, never normalised. Everything that is written is checked on the way
// (CRC32C), everything that is read against its length, and whole objects against the checksum S3 keeps.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "aws/caller.h"
#include "store/object_store.h"

namespace rtl::s3 {

struct Location {
  std::string bucket;
  std::string prefix;  // empty, or ends in '/'
};
// "s3://bucket", "s3://bucket/folder/" (also s3a://). kBadConfig.
Result<Location> ParseUri(std::string_view uri);

enum class Addressing {
  kAuto,
  kPath,
  kVirtualHost
};  // auto: path for an endpoint of one's own, or a bucket
    // with dots
enum class Checksum { kCrc32c, kSha256, kNone };

struct Options {
  std::string endpoint;  // empty: AWS's for the region; else "http://127.0.0.1:7070"
  std::string region;    // empty: us-east-1, corrected by what the server says of the bucket
  Addressing addressing = Addressing::kAuto;
  bool requester_pays = false;
  std::string sse;  // x-amz-server-side-encryption: "", "AES256", "aws:kms", "aws:kms:dsse"
  std::string sse_kms_key_id;
  std::string sse_customer_key;  // SSE-C, 32 bytes base64; never in a message
  std::string storage_class;     // of what is written; empty: the bucket's
  Checksum checksum = Checksum::kCrc32c;
  std::int64_t part_bytes = 8 << 20;             // of ranged gets and multipart puts
  std::int64_t multipart_from_bytes = 32 << 20;  // larger puts are multipart
  int parallel_parts = 4;                        // of one get or put
  aws::RetryPolicy retry;
  int max_concurrent = 256;
  std::stop_token stop;  // ends waiting for answers and between tries: kCancelled
};

// `clock` must outlive the store. Threads: as ObjectStore says. Makes no request.
Result<std::unique_ptr<store::ObjectStore>> OpenS3Store(Location location, Options options,
                                                        std::shared_ptr<http::Client> client,
                                                        std::shared_ptr<aws::CredentialsProvider> credentials,
                                                        std::shared_ptr<aws::RequestCounters> counters,
                                                        const Clock& clock = SystemClock());

}  // namespace rtl::s3
