// Runs over named files instead of a listing: keys that an event names, files that verify found to differ.
#include <mutex>
#include <set>

#include "load/loader_parts.h"
#include "load/lost_files.h"

namespace rtl::load {

Result<SyncReport> LoaderParts::RunTasks(std::vector<Task> tasks, const std::stop_token& stop) {
  const auto started = std::chrono::steady_clock::now();
  Committer committer(set_, *ledger_, options_, clock_);
  Engine engine(inputs_, rules_, *ledger_, committer, *observer_);
  Wire(engine);
  Pass pass;
  for (Task& task : tasks) {
    if (stop.stop_requested()) break;
    ++pass.seen;
    observer_->OnPlanned(1, task.object ? task.object->size : 0);
    engine.Submit(std::move(task));
  }
  if (auto done = engine.WaitIdle(stop); !done) {
    if (done.error().kind() == ErrorKind::kCancelled) RTL_CHECK(engine.Drain());
    return Fail(done.error());
  }
  pass.refused_deletes = engine.deletes().refusal();
  RTL_CHECK(DeriveOrWarn());
  maintenance_.Finish(stop);
  return MakeReport(engine, pass, started);
}

Result<KeysReport> LoaderParts::LoadKeys(const std::vector<std::string>& keys, std::stop_token stop) {
  RTL_CHECK(ledger_->Refresh());
  std::mutex mutex;
  std::set<std::string> handled;
  std::vector<Task> tasks;
  std::set<std::string> named;
  for (const std::string& key : keys) {
    if (!named.insert(key).second) continue;
    auto task = TaskForKey(key);
    if (!task) {  // no customer's file
      handled.insert(key);
      continue;
    }
    task->done = [&mutex, &handled, key](bool done) {
      if (!done) return;
      const std::lock_guard lock(mutex);
      handled.insert(key);
    };
    tasks.push_back(std::move(*task));
  }
  KeysReport report;
  auto ran = RunTasks(std::move(tasks), stop);
  if (!ran && ran.error().kind() != ErrorKind::kCancelled) return Fail(ran.error());
  if (ran) report.sync = std::move(*ran);
  for (const std::string& key : keys) {
    KeysReport::Key result;
    result.key = key;
    result.handled = handled.contains(key);
    if (!result.handled) result.problem = "it was given up: the run was stopped or failed";
    if (const auto task = TaskForKey(key); task && result.handled) {
      const KeyAccount account = ledger_->Look(task->source_file).account;
      const bool is_problem = account.last && (account.last->outcome == EntryOutcome::kFailed ||
                                               account.last->outcome == EntryOutcome::kHeld);
      if (is_problem) result.problem = account.last->error;
      if (is_problem && account.last->transient) result.handled = false;  // worth another try
    }
    report.keys.push_back(std::move(result));
  }
  return report;
}

std::optional<Task> LoaderParts::TaskForKey(const std::string& key) const {
  store::ObjectInfo info;
  info.key = key;
  NamedObject named = NameObject(rules_, info);
  if (named.kind == NamedObject::Kind::kIgnored) return std::nullopt;
  Task task;
  task.source_file = named.object.source_file;
  task.key = key;
  return task;
}

Result<SyncReport> LoaderParts::Repair(const VerifyReport& found, std::stop_token stop) {
  RTL_CHECK(ledger_->Refresh());
  RTL_CHECK(TakeOutLost(set_, *ledger_, clock_));
  std::vector<Task> tasks;
  for (const Difference& difference : found.differences) {
    if (difference.key.empty()) continue;
    Task task;
    task.source_file = difference.source_file;
    task.key = difference.key;
    task.repair = true;
    tasks.push_back(std::move(task));
  }
  return RunTasks(std::move(tasks), stop);
}

}  // namespace rtl::load
