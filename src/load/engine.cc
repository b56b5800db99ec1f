#include "load/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "discover/utf8_name.h"
#include "load/entry_report.h"

namespace rtl::load {
namespace {

constexpr std::size_t kMaxQueued = 10'000;
constexpr std::size_t kMaxReady = 10'000;
// Rows that wait to be packed together: about what one packed file takes.
constexpr std::int64_t kMaxReadyBytes = 128 << 20;
constexpr int kRemoteThreads = 96;
// A file that changes under the reader this often in one go is left for the next pass.
constexpr int kMaxAttempts = 20;
constexpr int kMaxCommitAttempts = 100;
// Notes on loaded files (such as keys that no pinned column takes) told one by one.
constexpr int kMaxNotes = 20;
constexpr std::chrono::milliseconds kGroupTime{100};
constexpr std::size_t kGroupFiles = 256;

// What loading a file of that size holds at its peak: slices, columns and the open Parquet file of one
// window.
std::int64_t MemoryFor(std::int64_t bytes) {
  return (1 << 20) + std::min<std::int64_t>(4 * bytes, 224 << 20);
}

// More than decoders: while one waits for the disk another decodes. Over a network most of a small file's
// time is waiting.
int LoadingThreads(const LoadInputs& in) {
  if (in.options.concurrency > 0) return in.options.concurrency;
  const bool remote = in.source.Traits().remote || in.tables.snapshot.store().Traits().remote;
  return remote ? std::max(kRemoteThreads, 4 * in.decoders.threads()) : 4 * in.decoders.threads();
}

}  // namespace

Engine::Engine(const LoadInputs& inputs, const discover::SourceRules& rules, LiveLedger& ledger,
               Committer& committer, Observer& observer)
    : in_(inputs),
      rules_(rules),
      ledger_(ledger),
      committer_(committer),
      observer_(observer),
      memory_(inputs.options.memory_bytes),
      deletes_(inputs.options.guard, ledger.With([&](Ledger& known) {
        return known.live_files([&](std::string_view file) { return InShard(inputs.options, file); });
      })) {
  if (in_.options.single_threaded) return;
  const int threads = LoadingThreads(in_);
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
  threads_.emplace_back([this] { CommitLoop(); });
}

Engine::~Engine() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  WakeAll();
  threads_.clear();
  std::vector<Done> abandoned;
  for (auto& [source_file, flight] : in_flight_) GiveUp(std::move(flight), abandoned);
  Tell(abandoned, false);
}

void Engine::Tell(const std::vector<Done>& waiting, bool handled) {
  for (const Done& done : waiting) done(handled);
}

void Engine::GiveUp(InFlight flight, std::vector<Done>& abandoned) {
  for (auto* waiting : {&flight.waiting, &flight.waiting_for_next}) {
    abandoned.insert(abandoned.end(), std::make_move_iterator(waiting->begin()),
                     std::make_move_iterator(waiting->end()));
  }
}

Engine::Submitted Engine::Submit(Task task) {
  Done done = std::exchange(task.done, nullptr);
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] {
      return closing_ || draining_ || error_ || queue_.size() < kMaxQueued || task.urgent ||
             in_.options.single_threaded;
    });
    if (closing_ || draining_ || error_) {
      lock.unlock();
      if (done) done(false);
      return Submitted::kRefused;
    }
    const auto [it, is_new] = in_flight_.try_emplace(task.source_file);
    InFlight& flight = it->second;
    if (!is_new) {
      flight.look_again = true;
      flight.key = task.key;
      flight.repair = flight.repair || task.repair;
      if (done) flight.waiting_for_next.push_back(std::move(done));
      return Submitted::kUnderWay;
    }
    if (done) flight.waiting.push_back(std::move(done));
    if (task.urgent) {
      queue_.push_front(std::move(task));
    } else {
      queue_.push_back(std::move(task));
    }
  }
  work_.notify_one();
  return Submitted::kQueued;
}

Result<> Engine::WaitIdle(std::stop_token stop) {
  if (in_.options.single_threaded) RunOnCallersThread();
  const std::stop_callback wake(stop, [this] {
    const std::lock_guard lock(mutex_);
    idle_.notify_all();
  });
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [&] { return error_ || in_flight_.empty() || stop.stop_requested(); });
  if (error_) return Fail(*error_);
  if (!in_flight_.empty()) return Fail(ErrorKind::kCancelled, "stopped");
  return {};
}

Result<> Engine::Drain() {
  std::vector<Done> abandoned;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    for (const Task& task : queue_) {
      const auto it = in_flight_.find(task.source_file);
      GiveUp(std::move(it->second), abandoned);
      in_flight_.erase(it);
    }
    queue_.clear();
  }
  WakeAll();
  Tell(abandoned, false);
  return WaitIdle({});
}

bool Engine::idle() const {
  const std::lock_guard lock(mutex_);
  return in_flight_.empty();
}

std::optional<Error> Engine::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

Engine::Counts Engine::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Engine::OnCommit(std::function<void(Version)> callback) {
  const std::lock_guard lock(mutex_);
  on_commit_ = std::move(callback);
}

void Engine::OnUnsettled(std::function<void(const std::string&, const std::string&)> callback) {
  const std::lock_guard lock(mutex_);
  on_unsettled_ = std::move(callback);
}

void Engine::Work() {
  for (;;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [&] {
        return closing_ || error_ ||
               (!queue_.empty() && ready_.size() < kMaxReady && ready_bytes_ < kMaxReadyBytes);
      });
      if (closing_ || error_) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    room_.notify_one();
    ready_changed_.notify_one();
    if (auto processed = Process(std::move(task)); !processed) Stop(processed.error());
  }
}

Result<> Engine::Process(Task task) {
  LoadedFile file;
  file.source_file = task.source_file;
  file.key = task.key;
  file.refused = task.refused;
  file.repair = task.repair;
  file.attempt = task.attempt;
  std::string refused = task.refused;
  if (!task.object) {
    task.base = ledger_.version();  // before the HEAD
    Result<Seen> seen =
        Fail(ErrorKind::kUnavailable,
             "it could not be committed though it was read again and again: other loaders keep changing "
             "it, or its columns do not fit the table's; the next pass tries again");
    if (task.attempt < kMaxCommitAttempts) seen = LookAt(task, refused);
    if (!seen) {
      if (seen.error().kind() == ErrorKind::kInternal) return Fail(seen.error());
      if (seen.error().kind() == ErrorKind::kConflict) {
        Finish(task.source_file);
        return {};
      }
      SourceObject unseen;
      unseen.source_file = task.source_file;
      unseen.key = task.key;
      file.base = task.base;
      file.load.read.entry = FailedEntry(unseen, seen.error(), in_.settings, in_.clock.Now());
      Ready(std::move(file));
      return {};
    }
    task.object = std::move(seen->object);
    task.is_delete = seen->is_delete;
    task.rest = std::move(seen->rest);
  }
  file.base = task.base;

  const LiveLedger::View view = ledger_.Look(task.source_file);
  if (Touched(view.account, task.base, view.known_since)) {
    if (task.base == view.version) {
      return Fail(ErrorKind::kInternal,
                  fmt::format("{}: planned on version {}, which is said to have been followed",
                              task.source_file, task.base));
    }
    PlanAgain(std::move(task));
    return {};
  }
  const bool exists = task.object && !task.is_delete;
  Decision decision =
      PlanKey(view.account, exists ? std::optional(task.object->version) : std::nullopt, in_.settings);
  if (task.repair && exists) decision = Decision::kLoad;
  const bool more_follows = !task.rest.empty();
  {
    const std::lock_guard lock(mutex_);
    InFlight& flight = in_flight_[task.source_file];
    flight.rest = std::move(task.rest);
    flight.delete_judged = task.delete_judged;
  }
  switch (decision) {
    case Decision::kNothing:
      ContinueWith(task.source_file, task.base);
      return {};
    case Decision::kDelete: {
      // The rows may be another object's, which has to be asked for itself (source.pattern).
      const auto& last = view.account.last;
      const std::string shown_key = discover::EscapeInvalidUtf8(task.key);
      if (last && last->outcome != EntryOutcome::kDeleted && !last->key.empty() && last->key != shown_key) {
        task.key = last->key;
        task.object.reset();
        PlanAgain(std::move(task));
        return {};
      }
      if (!task.delete_judged && !more_follows && !MayDelete(task.source_file)) {
        Finish(task.source_file);
        return {};
      }
      LedgerEntry& entry = file.load.read.entry;
      entry.source_file = task.source_file;
      entry.key = shown_key;
      entry.outcome = EntryOutcome::kDeleted;
      if (task.is_delete) entry.version = task.object->version;
      entry.ingest_time = in_.clock.Now();
      Ready(std::move(file));
      return {};
    }
    case Decision::kLoad:
      deletes_.Back(task.source_file);
      break;
  }
  if (!refused.empty()) {
    const Error error(ErrorKind::kBadData, refused);
    file.load.read.entry = FailedEntry(*task.object, error, in_.settings, in_.clock.Now());
    Ready(std::move(file));
    return {};
  }

  const auto share = memory_.Take(MemoryFor(task.object->size));
  auto loaded = LoadFile(in_, *task.object, view.account, *ledger_.columns(),
                         {.repair = task.repair, .packed = ledger_.packed()});
  if (!loaded) {
    const ErrorKind kind = loaded.error().kind();
    if (kind != ErrorKind::kConflict && kind != ErrorKind::kNotFound) return Fail(loaded.error());
    if (task.attempt + 1 < kMaxAttempts) {
      ++task.attempt;
      task.object.reset();
      PlanAgain(std::move(task));
      return {};
    }
    const Error busy(
        ErrorKind::kUnavailable,
        fmt::format("it changed each of the {} times it was read; the next pass tries again", kMaxAttempts));
    file.load.read.entry = FailedEntry(*task.object, busy, in_.settings, in_.clock.Now());
  } else {
    file.load = std::move(*loaded);
  }
  FileReport report = ToReport(file.load.read.entry);
  report.blank_lines = file.load.blank_lines;
  observer_.OnFileDone(report);
  Ready(std::move(file));
  return {};
}

// What the store says of the key now; nullopt when there is no object, or when it stands for another
// source_file.
Result<Engine::Seen> Engine::LookAt(const Task& task, std::string& refused) {
  if (in_.options.all_versions && task.refused.empty()) {
    RTL_TRY(Seen seen, LookAtVersions(task));
    if (seen.object) return seen;
  }
  auto head = in_.source.Head(task.key);
  if (!head) {
    if (head.error().kind() == ErrorKind::kNotFound) return Seen{};
    return Fail(head.error());
  }
  NamedObject named = NameObject(rules_, *head);
  if (!task.refused.empty()) {  // a duplicate, say: only a listing can tell that it is one no more
    named.object.source_file = task.source_file;
    return Seen{.object = std::move(named.object)};
  }
  if (named.kind == NamedObject::Kind::kIgnored || named.object.source_file != task.source_file)
    return Seen{};
  if (named.kind == NamedObject::Kind::kRefused) refused = named.reason;
  RTL_TRY(const bool duplicate, IsDuplicate(named.object));
  if (duplicate) {
    // The listing, which sees both, records it as failed. Here nothing is known of this key.
    observer_.OnNotice(
        fmt::format("{} stands for {}, as another live object does; the next listing records it", task.key,
                    task.source_file));
    return Fail(ErrorKind::kConflict, "two objects stand for one source_file");
  }
  return Seen{.object = std::move(named.object)};
}

// Every version that came since the one the ledger knows; none when it knows the newest.
Result<Engine::Seen> Engine::LookAtVersions(const Task& task) {
  RTL_TRY(const auto lister, in_.source.ListVersions(task.key));
  std::vector<Generation> newest_first;
  for (bool more = true; more;) {
    RTL_TRY(const auto page, lister->Next());
    more = !page.empty();
    for (const store::ListedVersion& version : page) {
      if (version.info.key != task.key) {  // keys ascend: the key itself comes before those it begins
        more = false;
        break;
      }
      NamedObject named = NameObject(rules_, version.info);
      if (named.kind != NamedObject::Kind::kFile || named.object.source_file != task.source_file)
        return Seen{};
      newest_first.push_back({std::move(named.object), version.is_delete_marker});
    }
  }
  if (!newest_first.empty() && !newest_first.front().is_delete) {
    RTL_TRY(const bool duplicate, IsDuplicate(newest_first.front().object));
    if (duplicate) return Seen{};  // the HEAD that follows says what there is to say
  }
  const KeyAccount account = ledger_.Look(task.source_file).account;
  Seen seen;
  seen.rest = NewGenerations(account, newest_first, in_.settings);
  if (seen.rest.empty()) return Seen{};
  seen.object = std::move(seen.rest.front().object);
  seen.is_delete = seen.rest.front().is_delete;
  seen.rest.pop_front();
  return seen;
}

// Whether the ledger's object for this source_file is another one that still lives and comes first in key
// order.
Result<bool> Engine::IsDuplicate(const SourceObject& object) {
  const LiveLedger::View view = ledger_.Look(object.source_file);
  const auto& last = view.account.last;
  if (!last || last->outcome == EntryOutcome::kDeleted || last->key.empty() || last->key >= object.key)
    return false;
  auto other = in_.source.Head(last->key);
  if (!other && other.error().kind() == ErrorKind::kNotFound) return false;
  if (!other) return Fail(other.error());
  return NameObject(rules_, *other).object.source_file == object.source_file;
}

bool Engine::MayDelete(const std::string& source_file) {
  std::string notice;
  const bool allowed = deletes_.Allow(source_file, notice);
  if (!notice.empty()) observer_.OnNotice(notice);
  return allowed;
}

void Engine::Ready(LoadedFile file) {
  {
    const std::lock_guard lock(mutex_);
    ready_bytes_ += file.load.rows_bytes;
    ready_.push_back(std::move(file));
  }
  ready_changed_.notify_one();
}

// The version under way is done; the next one of the same look follows on `base`, which the look or our own
// commit of the version before gave.
void Engine::ContinueWith(const std::string& source_file, Version base) {
  {
    const std::lock_guard lock(mutex_);
    const auto it = in_flight_.find(source_file);
    if (it != in_flight_.end() && !it->second.rest.empty() && !draining_) {
      std::deque<Generation> rest = std::move(it->second.rest);
      it->second.rest.clear();
      Task task;
      task.source_file = source_file;
      task.key = rest.front().object.key;
      task.object = std::move(rest.front().object);
      task.is_delete = rest.front().is_delete;
      task.delete_judged = it->second.delete_judged;
      rest.pop_front();
      task.rest = std::move(rest);
      task.base = base;
      queue_.push_back(std::move(task));
      work_.notify_one();
      return;
    }
  }
  Finish(source_file);
}

void Engine::Finish(const std::string& source_file) {
  std::vector<Done> handled;
  std::vector<Done> abandoned;
  {
    const std::lock_guard lock(mutex_);
    const auto it = in_flight_.find(source_file);
    if (it == in_flight_.end()) return;
    InFlight& flight = it->second;
    // Drained in the middle of a file's versions: the look did not come to its end.
    (flight.rest.empty() ? handled : abandoned) = std::exchange(flight.waiting, {});
    flight.waiting = std::exchange(flight.waiting_for_next, {});
    flight.rest.clear();
    if (flight.look_again && !draining_) {
      flight.look_again = false;
      Task task;
      task.source_file = source_file;
      task.key = flight.key;
      task.repair = std::exchange(flight.repair, false);
      queue_.push_back(std::move(task));
    } else {
      GiveUp(std::move(flight), abandoned);
      in_flight_.erase(it);
    }
  }
  work_.notify_one();
  idle_.notify_all();
  Tell(handled, true);
  Tell(abandoned, false);
}

// HEAD first, whatever was seen before.
void Engine::PlanAgain(Task task) {
  task.object.reset();
  task.is_delete = false;
  task.rest.clear();
  std::vector<Done> abandoned;
  {
    const std::lock_guard lock(mutex_);
    const auto it = in_flight_.find(task.source_file);
    if (draining_) {
      if (it != in_flight_.end()) {
        GiveUp(std::move(it->second), abandoned);
        in_flight_.erase(it);
      }
    } else {
      if (it != in_flight_.end()) it->second.rest.clear();
      queue_.push_back(std::move(task));  // never waits: the thread that would make room may be this one
    }
  }
  work_.notify_one();
  idle_.notify_all();
  Tell(abandoned, false);
}

void Engine::WakeAll() {
  work_.notify_all();
  room_.notify_all();
  ready_changed_.notify_all();
  idle_.notify_all();
}

void Engine::Stop(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }
  WakeAll();
}

void Engine::CommitLoop() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      ready_changed_.wait(lock, [&] { return closing_ || error_ || !ready_.empty(); });
      // While more is queued a larger group is worth a moment: each commit costs its readers a file, for
      // ever.
      ready_changed_.wait_for(lock, kGroupTime, [&] {
        return closing_ || error_ || queue_.empty() || ready_.size() >= kGroupFiles ||
               ready_bytes_ >= kMaxReadyBytes;
      });
      if (closing_ || error_) return;
    }
    if (!CommitBatch(TakeReady())) return;
  }
}

void Engine::RunOnCallersThread() {
  while (!error()) {
    if (auto task = ready_bytes_ < kMaxReadyBytes ? TakeTask() : std::nullopt) {
      if (auto processed = Process(std::move(*task)); !processed) Stop(processed.error());
    } else if (auto batch = TakeReady(); !batch.empty()) {
      CommitBatch(std::move(batch));
    } else {
      return;
    }
  }
}

std::optional<Task> Engine::TakeTask() {
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) return std::nullopt;
  Task task = std::move(queue_.front());
  queue_.pop_front();
  return task;
}

std::vector<LoadedFile> Engine::TakeReady() {
  std::vector<LoadedFile> batch;
  {
    const std::lock_guard lock(mutex_);
    const auto most = static_cast<std::size_t>(in_.options.commit_max_files);
    auto end = ready_.begin();
    for (std::int64_t bytes = 0; end != ready_.end() && bytes < kMaxReadyBytes; ++end) {
      if (static_cast<std::size_t>(end - ready_.begin()) == most) break;
      bytes += end->load.rows_bytes;
      ready_bytes_ -= end->load.rows_bytes;
    }
    batch.assign(std::make_move_iterator(ready_.begin()), std::make_move_iterator(end));
    ready_.erase(ready_.begin(), end);
  }
  work_.notify_all();  // they may have waited for room among what is ready
  return batch;
}

bool Engine::CommitBatch(std::vector<LoadedFile> batch) {
  auto outcome = committer_.Commit(std::move(batch));
  if (!outcome) {
    Stop(outcome.error());
    return false;
  }
  Report(*outcome);
  for (LoadedFile& file : outcome->plan_again) {
    Task task;
    task.source_file = std::move(file.source_file);
    task.key = std::move(file.key);
    task.refused = std::move(file.refused);
    task.repair = file.repair;
    task.attempt = file.attempt + 1;
    PlanAgain(std::move(task));
  }
  for (const LoadedFile& file : outcome->nothing_to_do) ContinueWith(file.source_file, file.base);
  for (const LedgerEntry& entry : outcome->committed) ContinueWith(entry.source_file, outcome->version);
  return true;
}

void Engine::Report(Committer::Outcome& outcome) {
  std::vector<FileReport> reports;
  std::function<void(const std::string&, const std::string&)> on_unsettled;
  std::function<void(Version)> on_commit;
  {
    const std::lock_guard lock(mutex_);
    on_unsettled = on_unsettled_;
    on_commit = on_commit_;
    if (outcome.version >= 0) ++counts_.commits;
    for (const LedgerEntry& entry : outcome.committed) {
      reports.push_back(ToReport(entry));
      switch (reports.back().outcome) {
        case Outcome::kLoaded:
          ++counts_.loaded;
          break;
        case Outcome::kReplaced:
          ++counts_.replaced;
          break;
        case Outcome::kDeleted:
          ++counts_.deleted;
          break;
        case Outcome::kUnchanged:
          ++counts_.unchanged;
          break;
        case Outcome::kHeld:
          ++counts_.held;
          break;
        case Outcome::kFailed:
          ++counts_.failed;
          break;
      }
      if (entry.outcome == EntryOutcome::kLoaded) counts_.rows += entry.row_count;
      if (entry.outcome == EntryOutcome::kLoaded || entry.outcome == EntryOutcome::kHeld)
        counts_.rejected += entry.rejected_count;
      counts_.bytes += entry.size;
    }
  }
  if (on_unsettled) {
    for (const LedgerEntry& entry : outcome.committed) {
      if (!entry.version.settled) on_unsettled(entry.source_file, entry.key);
    }
  }
  if (outcome.version >= 0 && on_commit) on_commit(outcome.version);
  if (outcome.version >= 0) observer_.OnCommitted(outcome.version, reports);
  for (const FileReport& report : reports) {
    const bool problem = report.outcome == Outcome::kHeld || report.outcome == Outcome::kFailed;
    if (problem || report.error.empty() || notes_told_ > kMaxNotes) continue;
    ++notes_told_;
    observer_.OnNotice(notes_told_ > kMaxNotes ? "more files have notes: see error in file_log"
                                               : fmt::format("{}: {}", report.source_file, report.error));
  }
}

}  // namespace rtl::load
