// The runtime API of AWS Lambda (version 2018-06-01), as a custom runtime uses it: ask for the next
// invocation, answer it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/time.h"
#include "http/client.h"

namespace rtl::lambda {

struct Invocation {
  std::string request_id;
  std::string event;                  // as the caller sent it; mostly JSON
  std::optional<Timestamp> deadline;  // Lambda ends the process then
  std::string trace_id;               // for X-Ray; empty: none
  std::string function_arn;
};

// Errors of all calls: the HTTP client's kinds; kBadData for an answer that the API does not give. Lambda
// wants a process that gets one to exit. Threads: any, though one invocation is under way at a time.
class RuntimeClient {
 public:
  // `api`: "host:port", the value of AWS_LAMBDA_RUNTIME_API. kBadConfig when empty.
  static Result<std::unique_ptr<RuntimeClient>> Make(std::string_view api,
                                                     std::shared_ptr<http::Client> client);

  // Waits for as long as it takes: Lambda freezes the process meanwhile.
  Result<Invocation> Next(std::stop_token stop = {});
  // `json` at most 6 MiB (Lambda's quota).
  Result<> Respond(const std::string& request_id, std::string_view json);
  // `type` such as "Load.Incomplete". Lambda then retries what it retries.
  Result<> RespondError(const std::string& request_id, std::string_view type, std::string_view message);
  // Before the first Next(): the process cannot start its work.
  Result<> ReportInitError(std::string_view type, std::string_view message);

 private:
  RuntimeClient(std::string base, std::shared_ptr<http::Client> client);
  Result<> Post(const std::string& path, std::string_view type, std::string_view body);

  const std::string base_;  // "http://host:port/2018-06-01/runtime/"
  const std::shared_ptr<http::Client> client_;
};

}  // namespace rtl::lambda
