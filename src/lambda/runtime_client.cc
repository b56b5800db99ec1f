#include "lambda/runtime_client.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "core/json_writer.h"

namespace rtl::lambda {
namespace {

// Longer than any function lives.
constexpr std::chrono::hours kForever{24 * 20};

std::string ErrorJson(std::string_view type, std::string_view message) {
  JsonWriter json;
  json.BeginObject().Key("errorMessage").String(message).Key("errorType").String(type);
  json.Key("stackTrace").BeginArray().EndArray().EndObject();
  return std::move(json).Take();
}

std::optional<Timestamp> Deadline(std::string_view millis) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(millis.data(), millis.data() + millis.size(), value);
  constexpr std::int64_t kMost = 253'402'300'799'999;  // the year 9999
  if (error != std::errc() || end != millis.data() + millis.size() || value <= 0 || value > kMost) return {};
  return Timestamp(std::chrono::milliseconds(value));
}

}  // namespace

Result<std::unique_ptr<RuntimeClient>> RuntimeClient::Make(std::string_view api,
                                                           std::shared_ptr<http::Client> client) {
  if (api.empty()) {
    return Fail(ErrorKind::kBadConfig,
                "AWS_LAMBDA_RUNTIME_API is not set: Lambda sets it in a custom runtime");
  }
  return std::unique_ptr<RuntimeClient>(
      new RuntimeClient(fmt::format("http://{}/2018-06-01/runtime/", api), std::move(client)));
}

RuntimeClient::RuntimeClient(std::string base, std::shared_ptr<http::Client> client)
    : base_(std::move(base)), client_(std::move(client)) {}

Result<Invocation> RuntimeClient::Next(std::stop_token stop) {
  http::Request request;
  request.url = base_ + "invocation/next";
  request.stall_timeout = kForever;
  request.timeout = kForever;
  RTL_TRY(http::Response response, client_->Send(request, std::move(stop)));
  if (response.status != 200) {
    return Fail(ErrorKind::kBadData,
                fmt::format("Lambda's runtime API gave no invocation but status {}", response.status));
  }
  Invocation invocation;
  invocation.request_id = response.Header("Lambda-Runtime-Aws-Request-Id");
  if (invocation.request_id.empty()) {
    return Fail(ErrorKind::kBadData, "Lambda's runtime API gave an invocation without a request id");
  }
  invocation.deadline = Deadline(response.Header("Lambda-Runtime-Deadline-Ms"));
  invocation.trace_id = response.Header("Lambda-Runtime-Trace-Id");
  invocation.function_arn = response.Header("Lambda-Runtime-Invoked-Function-Arn");
  invocation.event = std::move(response.body);
  return invocation;
}

Result<> RuntimeClient::Respond(const std::string& request_id, std::string_view json) {
  return Post(fmt::format("invocation/{}/response", request_id), {}, json);
}

Result<> RuntimeClient::RespondError(const std::string& request_id, std::string_view type,
                                     std::string_view message) {
  return Post(fmt::format("invocation/{}/error", request_id), type, ErrorJson(type, message));
}

Result<> RuntimeClient::ReportInitError(std::string_view type, std::string_view message) {
  return Post("init/error", type, ErrorJson(type, message));
}

Result<> RuntimeClient::Post(const std::string& path, std::string_view type, std::string_view body) {
  http::Request request;
  request.method = "POST";
  request.url = base_ + path;
  request.headers = {{"Content-Type", "application/json"}};
  if (!type.empty()) request.headers.push_back({"Lambda-Runtime-Function-Error-Type", std::string(type)});
  request.body = body;
  RTL_TRY(const http::Response response, client_->Send(request));
  if (response.status / 100 != 2) {
    return Fail(ErrorKind::kBadData,
                fmt::format("Lambda's runtime API refused {} with status {}", path, response.status));
  }
  return {};
}

}  // namespace rtl::lambda
