#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "cli/commands.h"
#include "cli/event_log.h"
#include "cli/logging_observer.h"
#include "cli/receive_events.h"
#include "cli/session.h"
#include "lambda/handler.h"
#include "lambda/runtime_client.h"

namespace rtl::cli {
namespace {

// Before the deadline, so that what was committed can still be answered for.
constexpr std::chrono::milliseconds kTimeToAnswer{2'000};
constexpr std::string_view kInitError = "Rtloader.Init";

// Asks for a stop at a time, unless it is destroyed before.
class Deadline {
 public:
  explicit Deadline(std::optional<Timestamp> at) {
    if (!at) return;
    thread_ = std::jthread([this, until = *at - kTimeToAnswer](const std::stop_token& ended) {
      std::unique_lock lock(mutex_);
      changed_.wait_until(lock, ended, until, [] { return false; });
      if (!ended.stop_requested()) stop_.request_stop();
    });
  }
  std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread thread_;  // last: it uses the others
};

class Function {
 public:
  Function(const Invocation& invocation, const Environment& environment, EventLog& log,
           discover::EventScope scope)
      : invocation_(invocation),
        environment_(environment),
        log_(log),
        observer_(log),
        scope_(std::move(scope)) {}

  Result<> Open() {
    if (session_) return {};
    auto session = OpenSession(invocation_.config, environment_, &observer_, MissingTables::kCreate);
    if (!session) return Fail(session.error());
    session_.emplace(std::move(*session));
    return {};
  }

  lambda::Reply Handle(const lambda::Invocation& event) {
    const Deadline deadline(event.deadline);
    return lambda::HandleEvent(event.event, scope_, [&](const std::vector<std::string>& keys) {
      return Load(keys, deadline.token());
    });
  }

 private:
  std::vector<lambda::KeyResult> Load(const std::vector<std::string>& keys, const std::stop_token& stop) {
    const auto opened = Open();
    auto report =
        opened ? session_->loader->LoadKeys(keys, stop) : Result<load::KeysReport>(Fail(opened.error()));
    std::vector<lambda::KeyResult> results;
    if (!report) {
      // What the loader knew may be out of date: the next event begins anew.
      session_.reset();
      log_.Warning(report.error().message());
      for (const std::string& key : keys) results.push_back({key, false, report.error().message()});
      return results;
    }
    for (load::KeysReport::Key& key : report->keys) {
      results.push_back({std::move(key.key), key.handled, std::move(key.problem)});
    }
    return results;
  }

  const Invocation& invocation_;
  const Environment& environment_;
  EventLog& log_;
  LoggingObserver observer_;
  const discover::EventScope scope_;
  std::optional<Session> session_;
};

}  // namespace

Result<int> RunLambda(const Invocation& invocation, const Environment& environment) {
  const auto started = std::chrono::steady_clock::now();
  EventLog log(invocation.config.log_format, environment.err.write);
  RTL_TRY(const auto runtime, environment.lambda_runtime());
  auto scope = ScopeOf(invocation.config.source);
  std::optional<Function> function;
  Result<> opened = scope ? Result<>() : Fail(scope.error());
  if (opened) {
    function.emplace(invocation, environment, log, std::move(*scope));
    opened = function->Open();
  }
  if (!opened) {
    [[maybe_unused]] const auto told = runtime->ReportInitError(kInitError, opened.error().message());
    return Fail(opened.error());
  }
  log.Notice(fmt::format("ready after {} ms", std::chrono::duration_cast<std::chrono::milliseconds>(
                                                  std::chrono::steady_clock::now() - started)
                                                  .count()));
  while (!environment.stop.stop_requested()) {
    auto event = runtime->Next(environment.stop);
    if (!event && event.error().kind() == ErrorKind::kCancelled) break;
    if (!event) return Fail(event.error());
    const lambda::Reply reply = function->Handle(*event);
    for (const std::string& problem : reply.problems) log.Warning(problem);
    for (const std::string& refusal : reply.refusals) log.Warning("not ours: " + refusal);
    RTL_CHECK(reply.is_error ? runtime->RespondError(event->request_id, reply.error_type, reply.json)
                             : runtime->Respond(event->request_id, reply.json));
  }
  return kExitOk;
}

}  // namespace rtl::cli
