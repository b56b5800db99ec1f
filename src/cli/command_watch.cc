#include "cli/commands.h"
#include "cli/event_log.h"
#include "cli/logging_observer.h"
#include "cli/paths.h"
#include "cli/session.h"

namespace rtl::cli {

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
  const auto on_notice = [&](const std::string& line) { log.Warning(line); };
  Result<std::shared_ptr<void>> hints = std::shared_ptr<void>();
  if (!IsS3(session.places.source)) {
    hints = environment.watch_folder(
        session.places.source, [&](std::string key) { loader.Hint(std::move(key)); }, on_notice);
    if (!hints) {
      log.Warning("changes are seen by listing only (watch.list_interval): " + hints.error().message());
    }
  }
  std::shared_ptr<void> events;
  if (invocation.config.events.any()) {
    RTL_TRY(events, environment.receive_events(
                        invocation.config, session.places.source,
                        [&](discover::Hint hint) {
                          loader.Hint(std::move(hint.key),
                                      [telemetry = session.telemetry, at = hint.event_time,
                                       done = std::move(hint.done)](bool handled) {
                                        if (handled) telemetry->EventHandled(at);
                                        if (done) done(handled);
                                      });
                        },
                        on_notice));
  }
  Result<load::SyncReport> report = loader.Watch(environment.stop);
  events.reset();  // no hint after this line
  hints = std::shared_ptr<void>();
  if (!report && report.error().kind() != ErrorKind::kCancelled) return Fail(std::move(report).error());
  log.Stopped(report.value_or(load::SyncReport{}));
  return kExitOk;
}

}  // namespace rtl::cli
