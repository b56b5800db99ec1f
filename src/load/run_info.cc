#include "load/run_info.h"

#include <simdjson.h>

namespace rtl::load {
namespace {

std::int64_t IntOf(simdjson::dom::object object, std::string_view name) {
  std::int64_t value = 0;
  return object[name].get(value) == simdjson::SUCCESS ? value : 0;
}

std::string TextOf(simdjson::dom::object object, std::string_view name) {
  std::string_view value;
  return object[name].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

}  // namespace

void WriteRunInfo(JsonWriter& json, const RunInfo& run) {
  json.BeginObject().Key("id").String(run.id).Key("host").String(run.host);
  json.Key("startedAt").Int(MicrosSinceEpoch(run.started_at));
  json.Key("requests").BeginObject();
  for (const auto& [kind, count] : run.requests) json.Key(kind).Int(count);
  json.EndObject();
  json.Key("retries").Int(run.retries).Key("throttled").Int(run.throttled);
  json.Key("bytesSent").Int(run.bytes_sent).Key("bytesReceived").Int(run.bytes_received);
  json.Key("events").Int(run.events);
  if (run.latency_p50_ms) json.Key("latencyP50Ms").Int(*run.latency_p50_ms);
  if (run.latency_p99_ms) json.Key("latencyP99Ms").Int(*run.latency_p99_ms);
  json.EndObject();
}

std::optional<RunInfo> ParseRunInfo(std::string_view commit_info) {
  simdjson::dom::parser parser;
  simdjson::dom::object run;
  if (commit_info.empty() ||
      parser.parse(commit_info.data(), commit_info.size())["rtloader"]["run"].get(run) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  RunInfo info;
  info.id = TextOf(run, "id");
  info.host = TextOf(run, "host");
  info.started_at = FromMicros(IntOf(run, "startedAt"));
  simdjson::dom::object requests;
  if (run["requests"].get(requests) == simdjson::SUCCESS) {
    for (const auto& [kind, element] : requests) {
      std::int64_t count = 0;
      if (element.get(count) == simdjson::SUCCESS) info.requests[std::string(kind)] = count;
    }
  }
  info.retries = IntOf(run, "retries");
  info.throttled = IntOf(run, "throttled");
  info.bytes_sent = IntOf(run, "bytesSent");
  info.bytes_received = IntOf(run, "bytesReceived");
  info.events = IntOf(run, "events");
  std::int64_t millis = 0;
  if (run["latencyP50Ms"].get(millis) == simdjson::SUCCESS) info.latency_p50_ms = millis;
  if (run["latencyP99Ms"].get(millis) == simdjson::SUCCESS) info.latency_p99_ms = millis;
  return info;
}

}  // namespace rtl::load
