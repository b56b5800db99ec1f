#include "discover/sqs_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>
#include <utility>

#include "core/json_writer.h"
#include "discover/json_lookup.h"
#include "http/url.h"

namespace rtl::discover {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;
using Next = aws::Verdict::Next;

std::string_view RegionOfHost(std::string_view host) {
  const bool is_aws =
      host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn") || host.ends_with(".api.aws");
  if (!is_aws) return {};
  std::vector<std::string_view> labels;
  for (const auto label : host | std::views::split('.')) labels.emplace_back(label.begin(), label.end());
  for (std::size_t i = 0; i + 1 < labels.size(); ++i) {
    if (labels[i] == "sqs" || labels[i] == "sqs-fips") return labels[i + 1];
    // the names of old: eu-west-1.queue.amazonaws.com, queue.amazonaws.com
    if (labels[i] == "queue") return i > 0 ? labels[i - 1] : "us-east-1";
  }
  return {};
}

bool IsAnyOf(std::string_view code, auto... codes) {
  return ((code == codes) || ...);
}

int IntegerOf(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Error BadAnswer(std::string_view action) {
  return {ErrorKind::kBadData, fmt::format("SQS {}: the answer is not what it should be", action)};
}

JsonWriter Begin(const std::string& queue_url) {
  JsonWriter json;
  json.BeginObject().Key("QueueUrl").String(queue_url);
  return json;
}

}  // namespace

Result<SqsAddress> AddressOfQueue(std::string_view queue_url, std::string_view endpoint,
                                  std::string_view region) {
  const http::UrlParts url = http::SplitUrl(queue_url);
  if ((url.scheme != "http" && url.scheme != "https") || url.host.empty() || url.path.size() < 2) {
    return Fail(
        ErrorKind::kBadConfig,
        fmt::format("{} is no queue URL, such as https://sqs.eu-west-1.amazonaws.com/123456789012/name",
                    queue_url));
  }
  SqsAddress address;
  address.endpoint =
      endpoint.empty() ? fmt::format("{}://{}", url.scheme, url.authority) : std::string(endpoint);
  if (!address.endpoint.ends_with('/')) address.endpoint += '/';
  address.region = RegionOfHost(url.host);
  if (address.region.empty()) address.region = region;
  if (address.region.empty()) address.region = "us-east-1";
  return address;
}

aws::Verdict JudgeSqsAnswer(const http::Response& response) {
  aws::Verdict verdict;
  if (response.status == 200) return verdict;
  simdjson::dom::parser parser;
  object body;
  if (parser.parse(response.body.data(), response.body.size()).get(body) == simdjson::SUCCESS) {
    std::string_view code = FindText(body, "__type");
    if (const auto hash = code.find('#'); hash != std::string_view::npos) code.remove_prefix(hash + 1);
    verdict.code = code;
    const std::string_view message = FindText(body, "message");
    verdict.message = message.empty() ? FindText(body, "Message") : message;
  }
  if (verdict.message.empty()) verdict.message = fmt::format("status {}", response.status);
  const std::string_view code = verdict.code;
  const auto is = [&](Next next, ErrorKind kind) {
    verdict.next = next;
    verdict.kind = kind;
    return verdict;
  };
  if (IsAnyOf(code, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "InvalidAddress")) {
    return is(Next::kFail, ErrorKind::kNotFound);
  }
  if (IsAnyOf(code, "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId",
              "UnrecognizedClientException")) {
    return is(Next::kCredentials, ErrorKind::kPermissionDenied);
  }
  if (IsAnyOf(code, "RequestExpired", "RequestTimeTooSkewed") ||
      (IsAnyOf(code, "InvalidSignatureException", "SignatureDoesNotMatch") &&
       (verdict.message.contains("expired") || verdict.message.contains("not yet current")))) {
    return is(Next::kClockSkew, ErrorKind::kPermissionDenied);
  }
  if (response.status == 429 || IsAnyOf(code, "RequestThrottled", "Throttling", "ThrottlingException",
                                        "ThrottledException", "OverLimit", "KmsThrottled", "SlowDown")) {
    return is(Next::kSlowDown, ErrorKind::kUnavailable);
  }
  if (response.status >= 500) return is(Next::kRetry, ErrorKind::kUnavailable);
  if (response.status == 401 || response.status == 403 || code.contains("AccessDenied") ||
      IsAnyOf(code, "InvalidSecurity", "InvalidSignatureException", "SignatureDoesNotMatch",
              "MissingAuthenticationToken", "MissingAuthenticationTokenException", "OptInRequired")) {
    return is(Next::kFail, ErrorKind::kPermissionDenied);
  }
  return is(Next::kFail, response.status == 404 ? ErrorKind::kNotFound : ErrorKind::kBadConfig);
}

Result<std::unique_ptr<SqsClient>> SqsClient::Make(
    Options options, const std::shared_ptr<http::Client>& client,
    const std::shared_ptr<aws::CredentialsProvider>& credentials,
    const std::shared_ptr<aws::RequestCounters>& counters, const Clock& clock) {
  RTL_TRY(SqsAddress address, AddressOfQueue(options.queue_url, options.endpoint, options.region));
  return std::unique_ptr<SqsClient>(
      new SqsClient(std::move(options), std::move(address), client, credentials, counters, clock));
}

SqsClient::SqsClient(Options options, SqsAddress address, const std::shared_ptr<http::Client>& client,
                     const std::shared_ptr<aws::CredentialsProvider>& credentials,
                     const std::shared_ptr<aws::RequestCounters>& counters, const Clock& clock)
    : options_(std::move(options)),
      address_(std::move(address)),
      receive_caller_(client, credentials,
                      {.scope = {.region = address_.region, .service = "sqs"}, .retry = options_.retry},
                      counters, clock),
      caller_(client, credentials,
              {.scope = {.region = address_.region, .service = "sqs"}, .retry = options_.retry}, counters,
              clock) {}

Result<std::string> SqsClient::Call(aws::Caller& caller, std::string_view action, std::string_view body,
                                    std::chrono::seconds wait, std::stop_token stop) {
  aws::Call call{.kind = fmt::format("SQS {}", action), .what = options_.queue_url};
  call.request.method = "POST";
  call.request.url = address_.endpoint;
  call.request.headers = {{"Content-Type", "application/x-amz-json-1.0"},
                          {"X-Amz-Target", fmt::format("AmazonSQS.{}", action)}};
  call.request.body = body;
  call.request.stall_timeout = wait + std::chrono::seconds(15);
  call.request.timeout = wait + std::chrono::seconds(30);
  call.request.max_response_bytes = 64 << 20;
  call.judge = JudgeSqsAnswer;
  RTL_TRY(http::Response response, caller.Send(std::move(call), std::move(stop)));
  return std::move(response.body);
}

Result<std::vector<SqsMessage>> SqsClient::Receive(int most, std::chrono::seconds wait,
                                                   std::chrono::seconds visibility, std::stop_token stop) {
  constexpr std::string_view kAction = "ReceiveMessage";
  JsonWriter json = Begin(options_.queue_url);
  json.Key("MaxNumberOfMessages").Int(most).Key("WaitTimeSeconds").Int(wait.count());
  json.Key("VisibilityTimeout").Int(visibility.count());
  json.Key("AttributeNames").BeginArray().String("ApproximateReceiveCount").EndArray().EndObject();
  RTL_TRY(const std::string answer, Call(receive_caller_, kAction, json.text(), wait, std::move(stop)));
  simdjson::dom::parser parser;
  object root;
  if (parser.parse(answer.data(), answer.size()).get(root) != simdjson::SUCCESS) {
    return Fail(BadAnswer(kAction));
  }
  std::vector<SqsMessage> messages;
  const auto items = FindArray(root, "Messages");
  if (!items) return messages;  // none came in time
  for (const element item : *items) {
    object fields;
    if (item.get(fields) != simdjson::SUCCESS) return Fail(BadAnswer(kAction));
    SqsMessage& message = messages.emplace_back();
    message.id = FindText(fields, "MessageId");
    message.receipt = FindText(fields, "ReceiptHandle");
    message.body = FindText(fields, "Body");
    if (const auto attributes = FindObject(fields, "Attributes")) {
      message.receives = std::max(1, IntegerOf(FindText(*attributes, "ApproximateReceiveCount")));
    }
    if (message.receipt.empty()) return Fail(BadAnswer(kAction));
  }
  return messages;
}

namespace {

Result<std::vector<SqsEntryFailure>> FailuresOf(std::string_view action, const std::string& answer,
                                                std::size_t entries) {
  simdjson::dom::parser parser;
  object root;
  if (parser.parse(answer.data(), answer.size()).get(root) != simdjson::SUCCESS) {
    return Fail(BadAnswer(action));
  }
  std::vector<SqsEntryFailure> failures;
  const auto items = FindArray(root, "Failed");
  if (!items) return failures;
  for (const element item : *items) {
    object fields;
    if (item.get(fields) != simdjson::SUCCESS) return Fail(BadAnswer(action));
    const int index = IntegerOf(FindText(fields, "Id"));
    if (index < 0 || static_cast<std::size_t>(index) >= entries) return Fail(BadAnswer(action));
    failures.push_back({.index = static_cast<std::size_t>(index),
                        .code = std::string(FindText(fields, "Code")),
                        .message = std::string(FindText(fields, "Message"))});
  }
  return failures;
}

}  // namespace

Result<std::vector<SqsEntryFailure>> SqsClient::DeleteBatch(std::span<const std::string> receipts,
                                                            std::stop_token stop) {
  constexpr std::string_view kAction = "DeleteMessageBatch";
  if (receipts.empty()) return {};
  JsonWriter json = Begin(options_.queue_url);
  json.Key("Entries").BeginArray();
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    json.BeginObject().Key("Id").String(std::to_string(i));
    json.Key("ReceiptHandle").String(receipts[i]).EndObject();
  }
  json.EndArray().EndObject();
  RTL_TRY(const std::string answer, Call(caller_, kAction, json.text(), {}, std::move(stop)));
  return FailuresOf(kAction, answer, receipts.size());
}

Result<std::vector<SqsEntryFailure>> SqsClient::ChangeVisibilityBatch(std::span<const SqsVisibility> entries,
                                                                      std::stop_token stop) {
  constexpr std::string_view kAction = "ChangeMessageVisibilityBatch";
  if (entries.empty()) return {};
  JsonWriter json = Begin(options_.queue_url);
  json.Key("Entries").BeginArray();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    json.BeginObject().Key("Id").String(std::to_string(i));
    json.Key("ReceiptHandle").String(entries[i].receipt);
    json.Key("VisibilityTimeout").Int(entries[i].timeout.count()).EndObject();
  }
  json.EndArray().EndObject();
  RTL_TRY(const std::string answer, Call(caller_, kAction, json.text(), {}, std::move(stop)));
  return FailuresOf(kAction, answer, entries.size());
}

Result<> SqsClient::SendMessage(std::string_view body, std::stop_token stop) {
  JsonWriter json = Begin(options_.queue_url);
  json.Key("MessageBody").String(body).EndObject();
  RTL_CHECK(Call(caller_, "SendMessage", json.text(), {}, std::move(stop)));
  return {};
}

Result<SqsQueueAttributes> SqsClient::Attributes(std::stop_token stop) {
  constexpr std::string_view kAction = "GetQueueAttributes";
  JsonWriter json = Begin(options_.queue_url);
  json.Key("AttributeNames").BeginArray().String("All").EndArray().EndObject();
  RTL_TRY(const std::string answer, Call(caller_, kAction, json.text(), {}, std::move(stop)));
  simdjson::dom::parser parser;
  object root;
  if (parser.parse(answer.data(), answer.size()).get(root) != simdjson::SUCCESS) {
    return Fail(BadAnswer(kAction));
  }
  const auto fields = FindObject(root, "Attributes");
  if (!fields) return Fail(BadAnswer(kAction));
  SqsQueueAttributes attributes;
  attributes.arn = FindText(*fields, "QueueArn");
  attributes.visibility = std::chrono::seconds(IntegerOf(FindText(*fields, "VisibilityTimeout")));
  attributes.messages = IntegerOf(FindText(*fields, "ApproximateNumberOfMessages"));
  attributes.in_flight = IntegerOf(FindText(*fields, "ApproximateNumberOfMessagesNotVisible"));
  // A policy is JSON within the JSON; its count a number or a text, as it was set.
  if (const std::string policy(FindText(*fields, "RedrivePolicy")); !policy.empty()) {
    simdjson::dom::parser policy_parser;
    object redrive;
    if (policy_parser.parse(policy.data(), policy.size()).get(redrive) == simdjson::SUCCESS) {
      attributes.dead_letter_arn = FindText(redrive, "deadLetterTargetArn");
      attributes.max_receive_count = static_cast<int>(
          FindInteger(redrive, "maxReceiveCount").value_or(IntegerOf(FindText(redrive, "maxReceiveCount"))));
    }
  }
  return attributes;
}

}  // namespace rtl::discover
