// What happens, a line each: text through spdlog, or one JSON object a line (docs/commands.md, "Events").
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cli/config.h"
#include "core/json_writer.h"
#include "core/time.h"
#include "load/loader.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): its own name
}

namespace rtl::cli {

// Threads: any; `write` gets whole lines, one call at a time.
class EventLog {
 public:
  EventLog(LogFormat format, std::function<void(std::string_view)> write, const Clock& clock = SystemClock());
  ~EventLog();

  void Started(std::string_view source, std::string_view tables);
  void Committed(std::int64_t snapshot_version, const std::vector<load::FileReport>& files);
  void Notice(std::string_view message);
  void Warning(std::string_view message);
  void Progress(std::string_view message);
  void Stopped(const load::SyncReport& report);

 private:
  enum class Level { kInfo, kWarning };
  // One event: `text` for people, `fields` adds the event's own members to its object.
  void Write(Level level, std::string_view event, std::string_view text,
             const std::function<void(JsonWriter&)>& fields);
  void WriteMessage(Level level, std::string_view event, std::string_view message);

  LogFormat format_;
  std::function<void(std::string_view)> write_;
  const Clock* clock_;
  std::mutex mutex_;
  std::unique_ptr<spdlog::logger> logger_;  // text only
};

// "2 loaded, 1 replaced; 95 rows, 3 rejected: id-1.txt, id-2.txt, ..." of one commit.
std::string CommitText(const std::vector<load::FileReport>& files);

}  // namespace rtl::cli
