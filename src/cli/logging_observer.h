// Tells the log what the loader tells.
#pragma once

#include <string>
#include <vector>

#include "cli/event_log.h"
#include "load/loader.h"

namespace rtl::cli {

class LoggingObserver : public load::Observer {
 public:
  explicit LoggingObserver(EventLog& log) : log_(log) {}
  void OnCommitted(std::int64_t snapshot_version, const std::vector<load::FileReport>& files) override {
    log_.Committed(snapshot_version, files);
  }
  void OnNotice(const std::string& message) override { log_.Warning(message); }
  void OnUpkeep(const std::string& message) override { log_.Notice(message); }

 private:
  EventLog& log_;
};

}  // namespace rtl::cli
