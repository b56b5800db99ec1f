#include "cli/commands.h"
#include "cli/event_log.h"
#include "cli/session.h"

namespace rtl::cli {
namespace {

class LoggingObserver : public load::Observer {
 public:
  explicit LoggingObserver(EventLog& log) : log_(log) {}
  void OnCommitted(std::int64_t snapshot_version, const std::vector<load::FileReport>& files) override {
    log_.Committed(snapshot_version, files);
  }
  void OnNotice(const std::string& message) override { log_.Warning(message); }

 private:
  EventLog& log_;
};

}  // namespace

Result<int> RunWatch(const Invocation& invocation, const Environment& environment) {
  // The events are the result of a watch: with --json they go to standard output, else they are a log.
  EventLog log(invocation.json ? LogFormat::kJson : invocation.config.log_format,
               invocation.json ? environment.out.write : environment.err.write);
  LoggingObserver observer(log);
  RTL_TRY(const Session session,
          OpenSession(invocation.config, environment, &observer, MissingTables::kCreate));
  load::Loader& loader = *session.loader;
  log.Started(session.places.source, session.places.tables);

  // Hints come before the first listing, so that nothing falls between the two. Without them listings do it
  // alone.
  auto hints = environment.watch_folder(
      session.places.source, [&](std::string key) { loader.Hint(std::move(key)); },
      [&](const std::string& line) { log.Warning(line); });
  if (!hints) {
    log.Warning("changes are seen by listing only (watch.list_interval): " + hints.error().message());
  }
  Result<load::SyncReport> report = loader.Watch(environment.stop);
  hints = std::shared_ptr<void>();  // no hint after this line
  if (!report && report.error().kind() != ErrorKind::kCancelled) return Fail(std::move(report).error());
  log.Stopped(report.value_or(load::SyncReport{}));
  return kExitOk;
}

}  // namespace rtl::cli
