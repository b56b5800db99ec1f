// What a run is told: rtloader.toml, then the command line over it. docs/configuration.md.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "load/options.h"

namespace rtl::cli {

enum class LogFormat { kText, kJson };

// [s3], for both sides; what [source_s3] and [tables_s3] set is another for that side. Empty: as AWS's own
// tools find it (docs/aws.md).
struct S3Settings {
  std::string endpoint;
  std::string region;
  std::string profile;
  std::string role_arn;
  std::string access_key_id;
  std::string secret_access_key;  // never in a message
  std::string session_token;      // never in a message
  bool anonymous = false;
  std::string addressing = "auto";
  bool requester_pays = false;
  std::string sse;
  std::string sse_kms_key_id;
  std::string sse_customer_key;  // never in a message
  std::string storage_class;
  std::string checksum = "crc32c";
  std::string ca_file;
  std::chrono::milliseconds retry_budget{120'000};
  int max_requests = 256;
};

struct EventSettings {
  std::string sqs;    // queue URLs, separated by commas
  int receivers = 2;  // long polls at once, of each queue
  int max_receives = 5;
  std::string dlq;      // URL of the queue for messages that cannot be understood, where the queue has none
  std::string webhook;  // address to listen on, "127.0.0.1:8088"
  std::string webhook_token;       // never in a message
  std::string webhook_hmac_key;    // never in a message
  std::string webhook_sns_topics;  // ARNs, separated by commas
  std::chrono::milliseconds list_interval{600'000};

  bool any() const { return !sqs.empty() || !webhook.empty(); }
};

struct Config {
  std::string source;              // source.path: a folder or s3://; empty until given
  std::string tables;              // tables.root: a folder or s3://; empty until given
  std::string history = "latest";  // source.history
  S3Settings s3, source_s3, tables_s3;
  EventSettings events;
  load::Options load;
  std::string schema;  // rows.schema as written; load.pinned_columns is what it means
  LogFormat log_format = LogFormat::kText;
};

// `text` over `config`. Errors are kBadConfig and begin with "file:line: option: ". Relative folders are
// those beside the file.
Result<> ApplyToml(std::string_view text, const std::string& file, Config& config);

// The same from the file. kBadConfig where it cannot be read.
Result<> ReadConfigFile(const std::string& file, Config& config);

// Options from variables RTLOADER_<SECTION>_<OPTION>, such as RTLOADER_SOURCE_PATH; `variables` are
// "NAME=value". Names that are no option are passed over. kBadConfig.
Result<> ApplyEnvironment(std::span<const char* const> variables, Config& config);

// The settings of one side: [s3] with the side's own over it.
S3Settings Merged(const S3Settings& both, const S3Settings& side);

// What no single option can know: that table names differ. kBadConfig.
Result<> CheckConfig(const Config& config);

}  // namespace rtl::cli
