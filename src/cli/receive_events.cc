#include "cli/receive_events.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "cli/paths.h"
#include "discover/sqs_source.h"
#include "discover/webhook.h"
#include "s3/s3_store.h"

namespace rtl::cli {
namespace {

struct Receivers {
  std::vector<std::unique_ptr<discover::SqsSource>> queues;
  std::unique_ptr<discover::Webhook> webhook;
};

Result<discover::WebhookOptions> WebhookOptionsOf(const EventSettings& settings) {
  discover::WebhookOptions options;
  const std::string& text = settings.webhook;
  const std::size_t colon = text.rfind(':');
  const std::string_view port =
      colon == std::string::npos ? std::string_view() : std::string_view(text).substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), options.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size()) {
    return Fail(ErrorKind::kBadConfig, fmt::format("events.webhook: \"{}\" is no address and port, such as "
                                                   "\"127.0.0.1:8088\"",
                                                   text));
  }
  options.address = text.substr(0, colon);
  if (options.address.starts_with('[') && options.address.ends_with(']')) {
    options.address = options.address.substr(1, options.address.size() - 2);
  }
  options.auth.bearer_token = settings.webhook_token;
  options.auth.hmac_secret = settings.webhook_hmac_key;
  options.auth.sns_topics = SplitList(settings.webhook_sns_topics);
  return options;
}

}  // namespace

std::vector<std::string> SplitList(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(", \n\t"), text.size());
    if (end > 0) items.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return items;
}

Result<discover::EventScope> ScopeOf(const std::string& source) {
  if (!IsS3(source)) {
    return Fail(
        ErrorKind::kBadConfig,
        fmt::format("events tell of buckets, but the source {} is a folder: its changes are seen as they "
                    "happen without them",
                    source));
  }
  RTL_TRY(s3::Location location, s3::ParseUri(source));
  return discover::EventScope{std::move(location.bucket), std::move(location.prefix)};
}

Result<std::shared_ptr<void>> ReceiveEvents(AwsSession& aws, const Config& config, const std::string& source,
                                            discover::OnHint on_hint,
                                            const std::function<void(std::string line)>& on_notice) {
  RTL_TRY(const discover::EventScope scope, ScopeOf(source));
  const S3Settings settings = Merged(config.s3, config.source_s3);
  auto receivers = std::make_shared<Receivers>();
  for (const std::string& url : SplitList(config.events.sqs)) {
    discover::SqsOptions options;
    options.queue_url = url;
    options.dlq_url = config.events.dlq;
    options.endpoint = aws.Endpoint({}, "sqs");
    options.region = aws.Region(settings);
    options.scope = scope;
    options.receivers = config.events.receivers;
    options.max_receives = config.events.max_receives;
    RTL_TRY(auto queue,
            discover::SqsSource::Start(std::move(options), aws.Client(settings), aws.Credentials(settings),
                                       aws.counters(), on_hint, on_notice));
    receivers->queues.push_back(std::move(queue));
  }
  if (!config.events.webhook.empty()) {
    RTL_TRY(discover::WebhookOptions options, WebhookOptionsOf(config.events));
    RTL_TRY(receivers->webhook, discover::Webhook::Start(std::move(options), scope, aws.Client(settings),
                                                         std::move(on_hint), on_notice));
    on_notice(fmt::format("listening for events on {}, port {}", config.events.webhook,
                          receivers->webhook->port()));
  }
  return receivers;
}

}  // namespace rtl::cli
