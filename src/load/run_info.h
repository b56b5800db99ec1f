// What a running loader tells of itself in each of its commits, so that `status`, another process, can show
// it: there is no state outside the tables.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/json_writer.h"
#include "core/time.h"

namespace rtl::load {

struct RunInfo {
  std::string id;    // random, of the process
  std::string host;  // its name, and the process id there: "web-1:4711"
  Timestamp started_at;
  // Since the start.
  std::map<std::string, std::int64_t> requests;  // by kind: "GET", "PUT", "LIST", "SQS Receive"
  std::int64_t retries = 0;
  std::int64_t throttled = 0;
  std::int64_t bytes_sent = 0;
  std::int64_t bytes_received = 0;
  std::int64_t events = 0;  // hints that events brought and that were handled
  // From the event's own time to the visible commit, of those; absent while there were none.
  std::optional<std::int64_t> latency_p50_ms;
  std::optional<std::int64_t> latency_p99_ms;

  bool operator==(const RunInfo&) const = default;
};

void WriteRunInfo(JsonWriter& json, const RunInfo& run);
// The run in a commitInfo; nullopt when it has none.
std::optional<RunInfo> ParseRunInfo(std::string_view commit_info);

}  // namespace rtl::load
