#include "cli/event_log.h"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include "cli/display_text.h"
#include "cli/quantities.h"
#include "cli/reports_json.h"
#include "cli/reports_text.h"

namespace rtl::cli {
namespace {

class WriteSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit WriteSink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    write_({line.data(), line.size()});
  }
  void flush_() override {}

 private:
  std::function<void(std::string_view)> write_;
};

constexpr std::size_t kNamesShown = 3;

bool IsProblem(const load::FileReport& file) {
  return file.outcome == load::Outcome::kHeld || file.outcome == load::Outcome::kFailed;
}

load::SyncReport Tally(const std::vector<load::FileReport>& files) {
  load::SyncReport sum;
  for (const load::FileReport& file : files) {
    switch (file.outcome) {
      case load::Outcome::kLoaded:
        ++sum.loaded;
        break;
      case load::Outcome::kReplaced:
        ++sum.replaced;
        break;
      case load::Outcome::kDeleted:
        ++sum.deleted;
        break;
      case load::Outcome::kUnchanged:
        ++sum.unchanged;
        break;
      case load::Outcome::kHeld:
        ++sum.held;
        break;
      case load::Outcome::kFailed:
        ++sum.failed;
        break;
    }
    sum.rows += file.rows;
    sum.rejected += file.rejected;
  }
  return sum;
}

}  // namespace

std::string CommitText(const std::vector<load::FileReport>& files) {
  const load::SyncReport sum = Tally(files);
  std::string out = fmt::format("{}; {}", OutcomesText(sum), Counted(sum.rows, "row"));
  if (sum.rejected > 0) out += fmt::format(", {} rejected", ReadableCount(sum.rejected));
  for (std::size_t i = 0; i < files.size() && i < kNamesShown; ++i) {
    out += fmt::format("{}{}", i == 0 ? ": " : ", ", OneLine(files[i].source_file));
  }
  if (files.size() > kNamesShown) out += ", ...";
  return out;
}

EventLog::EventLog(LogFormat format, std::function<void(std::string_view)> write, const Clock& clock)
    : format_(format), write_(std::move(write)), clock_(&clock) {
  if (format_ == LogFormat::kJson) return;
  logger_ = std::make_unique<spdlog::logger>("rtloader", std::make_shared<WriteSink>(write_));
  logger_->set_formatter(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %-7l %v",
                                                                     spdlog::pattern_time_type::utc));
}

EventLog::~EventLog() = default;

void EventLog::Write(Level level, std::string_view event, std::string_view text,
                     const std::function<void(JsonWriter&)>& fields) {
  if (logger_) {
    logger_->log(level == Level::kInfo ? spdlog::level::info : spdlog::level::warn,
                 spdlog::string_view_t(text.data(), text.size()));
    return;
  }
  JsonWriter json;
  json.BeginObject();
  json.Key("time").String(FormatTimestamp(clock_->Now()));
  json.Key("level").String(level == Level::kInfo ? "info" : "warning");
  json.Key("event").String(event);
  fields(json);
  json.EndObject();
  const std::lock_guard lock(mutex_);
  write_(std::move(json).Take() + "\n");
}

void EventLog::WriteMessage(Level level, std::string_view event, std::string_view message) {
  Write(level, event, OneLine(message), [&](JsonWriter& json) { WriteText(json, "message", message); });
}

void EventLog::Started(std::string_view source, std::string_view tables) {
  Write(Level::kInfo, "started", fmt::format("watching {} -> {}", OneLine(source), OneLine(tables)),
        [&](JsonWriter& json) {
          WriteText(json, "source", source);
          WriteText(json, "tables", tables);
        });
}

void EventLog::Committed(std::int64_t snapshot_version, const std::vector<load::FileReport>& files) {
  Write(Level::kInfo, "commit", fmt::format("commit {}: {}", snapshot_version, CommitText(files)),
        [&](JsonWriter& json) {
          json.Key("snapshot_version").Int(snapshot_version).Key("files").BeginArray();
          for (const load::FileReport& file : files) WriteFileReport(json, file);
          json.EndArray();
        });
  if (format_ == LogFormat::kJson) return;  // the commit's object has said it
  for (const load::FileReport& file : files) {
    if (!IsProblem(file)) continue;
    WriteMessage(Level::kWarning, "problem",
                 fmt::format("{} {}: {}", load::ToString(file.outcome), file.source_file, file.error));
  }
}

void EventLog::Notice(std::string_view message) {
  WriteMessage(Level::kInfo, "notice", message);
}
void EventLog::Warning(std::string_view message) {
  WriteMessage(Level::kWarning, "notice", message);
}
void EventLog::Progress(std::string_view message) {
  WriteMessage(Level::kInfo, "progress", message);
}

void EventLog::Stopped(const load::SyncReport& report) {
  Write(Level::kInfo, "stopped",
        fmt::format("stopped at version {}: {}; {} in {}", report.snapshot_version, OutcomesText(report),
                    Counted(report.commits, "commit"), ReadableSeconds(report.seconds)),
        [&](JsonWriter& json) { json.Key("report").Raw(SyncJson(report, {})); });
}

}  // namespace rtl::cli
