// What the tables need beside loading, off the commit path: checkpoints as commits ask for them; and, on a
// schedule, packing of small files, log clean-up and vacuum. A failure is a notice: loading
// goes on, and the next turn tries again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "load/loader.h"
#include "load/options.h"
#include "load/table_upkeep.h"

namespace rtl::load {

class Maintenance {
 public:
  // All must outlive it; `observer` must take calls from any thread. Looks at nothing yet.
  Maintenance(store::ObjectStore& tables, const Options& options, Observer& observer, const Clock& clock);
  ~Maintenance();  // as Stop()

  // How small files of a packed snapshot are put together; without it they are left. Before Start() and
  // RunAll().
  using CompactSnapshot = std::function<Result<RepackReport>(std::stop_token)>;
  void CompactSnapshotBy(CompactSnapshot compact) { compact_snapshot_ = std::move(compact); }

  // A commit was made. Any thread; returns at once.
  void Committed(Role role, Version version);

  // A thread that serves what commits ask for and, with `scheduled`, the schedule: in watch. Elsewhere
  // Finish() serves them at the end.
  void Start(bool scheduled);
  void RequestStop();  // any thread: what is under way ends at its next step
  // Requests it, and waits. What was asked for is dropped: the next commit that is due asks again.
  void Stop();
  // Serves what was asked for, unless `stop`, and ends the thread where there is one.
  void Finish(const std::stop_token& stop);

  // All that the schedule has, once, on the caller's thread.
  void RunAll(const std::stop_token& stop);

 private:
  using SteadyClock = std::chrono::steady_clock;
  struct Duty {
    std::chrono::milliseconds interval;
    void (Maintenance::*run)(std::stop_token stop);
    SteadyClock::time_point due;
  };

  void Run(const std::stop_token& stop, bool scheduled);
  void ServeCommits(const std::stop_token& stop);
  void PackSmallFiles(std::stop_token stop);
  Result<delta::OptimizeReport> PackTable(const UpkeepTable& table, const std::stop_token& stop);
  void CleanLogs(std::stop_token stop);
  void VacuumAll(std::stop_token stop);
  UpkeepTable TableOf(Role role) const;
  // Runs `work(table)`, which returns a text about what was done, for each table; tells the observer.
  void ForEachTable(std::string_view what, const std::stop_token& stop,
                    const std::function<Result<std::string>(const UpkeepTable&)>& work);

  const Options& options_;
  Observer& observer_;
  const TableSet set_;  // also tables that are switched off
  CompactSnapshot compact_snapshot_;
  std::vector<Duty> duties_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<Role, Version> checkpoints_;  // asked for and not yet written
  bool finishing_ = false;
  std::stop_source stopping_;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace rtl::load
