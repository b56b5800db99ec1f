// The options that concern S3 and events.
#include <array>
#include <string>

#include "cli/option_builders.h"
#include "s3/s3_store.h"

namespace rtl::cli {
namespace {

Result<> IsEndpoint(const std::string& text) {
  if (text.empty() || text.starts_with("http://") || text.starts_with("https://")) return {};
  return Fail(ErrorKind::kBadConfig, "must be a URL that begins with http:// or https://");
}

// What source and tables may each have of their own.
template <S3Settings Config::* Side>
void AddPerSide(const std::string& section, std::vector<OptionSpec>& options) {
  static const std::array<std::string, 7> keys = {section + ".endpoint",      section + ".region",
                                                  section + ".profile",       section + ".role_arn",
                                                  section + ".access_key_id", section + ".secret_access_key",
                                                  section + ".session_token"};
  options.push_back(
      TextOption(keys[0], [](Config& c) -> std::string& { return (c.*Side).endpoint; }, IsEndpoint));
  options.push_back(TextOption(keys[1], [](Config& c) -> std::string& { return (c.*Side).region; }, AnyText));
  options.push_back(
      TextOption(keys[2], [](Config& c) -> std::string& { return (c.*Side).profile; }, AnyText));
  options.push_back(
      TextOption(keys[3], [](Config& c) -> std::string& { return (c.*Side).role_arn; }, AnyText));
  options.push_back(
      TextOption(keys[4], [](Config& c) -> std::string& { return (c.*Side).access_key_id; }, AnyText));
  options.push_back(
      TextOption(keys[5], [](Config& c) -> std::string& { return (c.*Side).secret_access_key; }, AnyText));
  options.push_back(
      TextOption(keys[6], [](Config& c) -> std::string& { return (c.*Side).session_token; }, AnyText));
}

}  // namespace

std::vector<OptionSpec> AwsOptions() {
  using std::chrono::milliseconds;
  std::vector<OptionSpec> options;
  AddPerSide<&Config::s3>("s3", options);
  options.push_back(BooleanOption("s3.anonymous", [](Config& c) -> bool& { return c.s3.anonymous; }));
  options.push_back(WordOption(
      "s3.addressing", [](Config& c) -> std::string& { return c.s3.addressing; }, "auto|path|virtual",
      "\"auto\", \"path\" or \"virtual\""));
  options.push_back(
      BooleanOption("s3.requester_pays", [](Config& c) -> bool& { return c.s3.requester_pays; }));
  options.push_back(WordOption(
      "s3.sse", [](Config& c) -> std::string& { return c.s3.sse; }, "|AES256|aws:kms|aws:kms:dsse",
      "\"AES256\", \"aws:kms\", \"aws:kms:dsse\" or empty"));
  options.push_back(TextOption(
      "s3.sse_kms_key_id", [](Config& c) -> std::string& { return c.s3.sse_kms_key_id; }, AnyText));
  options.push_back(TextOption(
      "s3.sse_customer_key", [](Config& c) -> std::string& { return c.s3.sse_customer_key; }, AnyText));
  options.push_back(
      TextOption("s3.storage_class", [](Config& c) -> std::string& { return c.s3.storage_class; }, AnyText));
  options.push_back(WordOption(
      "s3.checksum", [](Config& c) -> std::string& { return c.s3.checksum; }, "crc32c|sha256|none",
      "\"crc32c\", \"sha256\" or \"none\""));
  options.push_back(
      TextOption("s3.ca_file", [](Config& c) -> std::string& { return c.s3.ca_file; }, AnyText));
  options.push_back(DurationOption(
      "s3.retry_budget", [](Config& c) -> milliseconds& { return c.s3.retry_budget; }, milliseconds(1'000)));
  options.push_back(
      IntegerOption("s3.max_requests", [](Config& c) -> int& { return c.s3.max_requests; }, 1, 10'000));
  AddPerSide<&Config::source_s3>("source_s3", options);
  AddPerSide<&Config::tables_s3>("tables_s3", options);

  options.push_back(
      TextOption("events.sqs", [](Config& c) -> std::string& { return c.events.sqs; }, AnyText));
  options.push_back(
      IntegerOption("events.receivers", [](Config& c) -> int& { return c.events.receivers; }, 1, 100));
  options.push_back(IntegerOption(
      "events.max_receives", [](Config& c) -> int& { return c.events.max_receives; }, 1, 1'000));
  options.push_back(
      TextOption("events.dlq", [](Config& c) -> std::string& { return c.events.dlq; }, AnyText));
  options.push_back(
      TextOption("events.webhook", [](Config& c) -> std::string& { return c.events.webhook; }, AnyText));
  options.push_back(TextOption(
      "events.webhook_token", [](Config& c) -> std::string& { return c.events.webhook_token; }, AnyText));
  options.push_back(TextOption(
      "events.webhook_hmac_key", [](Config& c) -> std::string& { return c.events.webhook_hmac_key; },
      AnyText));
  options.push_back(TextOption(
      "events.webhook_sns_topics", [](Config& c) -> std::string& { return c.events.webhook_sns_topics; },
      AnyText));
  options.push_back(DurationOption(
      "events.list_interval", [](Config& c) -> milliseconds& { return c.events.list_interval; },
      milliseconds(100)));
  return options;
}

}  // namespace rtl::cli
