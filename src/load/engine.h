// The moving parts of a loader: a queue of files to look at, threads that load them, one thread that commits.
//
// Files go in through Submit() and Look(); each ends in a commit, in nothing to do, or in a look anew when it
// changed meanwhile. One source_file is worked on by one thread at a time. Thread-safe unless said otherwise.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "flow/source_object.h"
#include "load/committer.h"
#include "load/delete_bound.h"
#include "load/generations.h"
#include "load/live_ledger.h"
#include "load/load_file.h"
#include "load/loader.h"
#include "load/memory_budget.h"
#include "load/source_naming.h"
#include "load/worker_pool.h"

namespace rtl::load {

// One thing to do about one source_file.
struct Task {
  std::string source_file;
  std::string key;
  // Set: this version, seen by a listing made after snapshot version `base` was known. Else: HEAD first.
  std::optional<SourceObject> object;
  bool is_delete = false;  // `object` is a delete marker
  // Newer versions, which follow in order, each in a commit of its own.
  std::deque<Generation> rest;
  Version base = -1;
  std::string refused;         // not empty: the object cannot be loaded for this reason; recorded as failed
  bool delete_judged = false;  // absent from a listing whose absences the guard has let pass
  bool repair = false;         // load it though nothing seems to be to do (LoadRequest)
  bool urgent = false;         // a hint: before what a listing found, and taken in though the queue is full
  int attempt = 0;
  // Called once, from any thread: true when a look that began after the submission came to an end (committed,
  // nothing to do, recorded as failed), false when it was given up. May be empty.
  std::function<void(bool handled)> done;
};

class Engine {
 public:
  struct Counts {
    std::int64_t loaded = 0, replaced = 0, deleted = 0, unchanged = 0, held = 0, failed = 0;
    std::int64_t up_to_date = 0, rows = 0, rejected = 0, bytes = 0, commits = 0;
  };

  // All references must outlive the engine. `rules` says which source_file a key stands for.
  Engine(const LoadInputs& inputs, const discover::SourceRules& rules, LiveLedger& ledger,
         Committer& committer, Observer& observer);
  ~Engine();  // stops; what is under way is finished or dropped, never half done

  enum class Submitted {
    kQueued,
    kUnderWay,  // the source_file is being worked on: looked at again after that
    kRefused,   // the engine has stopped; `done` was called with false
  };
  // May block while the queue is full.
  Submitted Submit(Task task);

  // Waits until nothing is queued or under way, an error has stopped the engine, or `stop`.
  Result<> WaitIdle(std::stop_token stop);
  bool idle() const;

  // Drops what has not been begun, finishes and commits what has.
  Result<> Drain();
  std::optional<Error> error() const;
  Counts counts() const;

  // Looks at a file that was unsettled again when it has settled: called for each, with the time to do so.
  void OnUnsettled(std::function<void(const std::string& source_file, const std::string& key)> callback);

  // Called with the version of each commit, by the committing thread: keep it short.
  void OnCommit(std::function<void(Version version)> callback);

  DeleteBound& deletes() { return deletes_; }

 private:
  void Work();
  void CommitLoop();
  void RunOnCallersThread();
  std::optional<Task> TakeTask();
  std::vector<LoadedFile> TakeReady();
  bool CommitBatch(std::vector<LoadedFile> batch);
  Result<> Process(Task task);
  // What the store says of a key now.
  struct Seen {
    std::optional<SourceObject> object;  // absent: there is none, or it stands for another source_file
    bool is_delete = false;
    std::deque<Generation> rest;
  };
  Result<Seen> LookAt(const Task& task, std::string& refused);
  Result<Seen> LookAtVersions(const Task& task);
  void ContinueWith(const std::string& source_file, Version base);
  bool MayDelete(const std::string& source_file);
  void Ready(LoadedFile file);
  void Finish(const std::string& source_file);
  Result<bool> IsDuplicate(const SourceObject& object);
  void PlanAgain(Task task);
  void Stop(Error error);
  void WakeAll();
  void Report(Committer::Outcome& outcome);

  const LoadInputs& in_;
  const discover::SourceRules& rules_;
  LiveLedger& ledger_;
  Committer& committer_;
  Observer& observer_;
  MemoryBudget memory_;
  DeleteBound deletes_;

  mutable std::mutex mutex_;
  // Apart, so that a change wakes those whom it concerns: loading threads are many.
  std::condition_variable work_;           // a task is queued, or there is room among what is ready
  std::condition_variable room_;           // in the queue
  std::condition_variable ready_changed_;  // a file is ready, or the queue got shorter
  std::condition_variable idle_;           // a file is done with
  std::deque<Task> queue_;
  using Done = std::function<void(bool handled)>;
  struct InFlight {
    bool look_again = false;
    std::string key;              // to look at then: that of the latest hint
    bool repair = false;          // of the look again
    std::deque<Generation> rest;  // what follows the version under way
    bool delete_judged = false;   // as in the task
    std::vector<Done> waiting;    // for the look under way
    std::vector<Done> waiting_for_next;
  };
  static void Tell(const std::vector<Done>& waiting, bool handled);
  void GiveUp(InFlight flight, std::vector<Done>& abandoned);
  std::unordered_map<std::string, InFlight> in_flight_;  // queued, loading or waiting for its commit
  std::deque<LoadedFile> ready_;
  std::int64_t ready_bytes_ = 0;  // of rows that these hold in memory
  bool closing_ = false;
  bool draining_ = false;
  std::optional<Error> error_;
  Counts counts_;
  std::function<void(const std::string&, const std::string&)> on_unsettled_;
  std::function<void(Version)> on_commit_;

  int notes_told_ = 0;  // by the committing thread
  std::vector<std::jthread> threads_;
};

}  // namespace rtl::load
