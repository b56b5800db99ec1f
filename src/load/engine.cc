#include "load/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "discover/utf8_name.h"
#include "load/entry_report.h"

namespace rtl::load {
namespace {

constexpr std::size_t kMaxQueued = 10'000;
constexpr std::size_t kMaxReady = 10'000;
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

}  // namespace

Engine::Engine(const LoadInputs& inputs, const discover::SourceRules& rules, LiveLedger& ledger,
               Committer& committer, Observer& observer)
    : in_(inputs),
      rules_(rules),
      ledger_(ledger),
      committer_(committer),
      observer_(observer),
      memory_(inputs.options.memory_bytes),
      deletes_(inputs.options.guard, ledger.With([](Ledger& known) { return known.live_files(); })) {
  if (in_.options.single_threaded) return;
  // More than decoders: while one waits for the disk another decodes.
  for (int i = 0; i < 4 * in_.decoders.threads(); ++i) threads_.emplace_back([this] { Work(); });
  threads_.emplace_back([this] { CommitLoop(); });
}

Engine::~Engine() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
}

bool Engine::Submit(Task task) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return closing_ || draining_ || error_ || queue_.size() < kMaxQueued || in_.options.single_threaded;
    });
    if (closing_ || draining_ || error_) return false;
    const auto [it, is_new] = in_flight_.try_emplace(task.source_file);
    if (!is_new) {
      it->second.look_again = true;
      it->second.key = task.key;
      return true;
    }
    queue_.push_back(std::move(task));
  }
  changed_.notify_all();
  return true;
}

Result<> Engine::WaitIdle(std::stop_token stop) {
  if (in_.options.single_threaded) RunOnCallersThread();
  const std::stop_callback wake(stop, [this] {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return error_ || in_flight_.empty() || stop.stop_requested(); });
  if (error_) return Fail(*error_);
  if (!in_flight_.empty()) return Fail(ErrorKind::kCancelled, "stopped");
  return {};
}

Result<> Engine::Drain() {
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    for (const Task& task : queue_) in_flight_.erase(task.source_file);
    queue_.clear();
  }
  changed_.notify_all();
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

void Engine::OnUnsettled(std::function<void(const std::string&, const std::string&)> callback) {
  const std::lock_guard lock(mutex_);
  on_unsettled_ = std::move(callback);
}

void Engine::Work() {
  for (;;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock,
                    [&] { return closing_ || error_ || (!queue_.empty() && ready_.size() < kMaxReady); });
      if (closing_ || error_) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    changed_.notify_all();
    if (auto processed = Process(std::move(task)); !processed) Stop(processed.error());
  }
}

Result<> Engine::Process(Task task) {
  LoadedFile file;
  file.source_file = task.source_file;
  file.key = task.key;
  file.refused = task.refused;
  file.attempt = task.attempt;
  std::string refused = task.refused;
  if (!task.object) {
    task.base = ledger_.version();  // before the HEAD
    Result<std::optional<SourceObject>> seen =
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
    task.object = std::move(*seen);
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
  const auto head = task.object ? std::optional(task.object->version) : std::nullopt;
  switch (PlanKey(view.account, head, in_.settings)) {
    case Decision::kNothing:
      Finish(task.source_file);
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
      if (!task.delete_judged && !MayDelete(task.source_file)) {
        Finish(task.source_file);
        return {};
      }
      LedgerEntry& entry = file.load.read.entry;
      entry.source_file = task.source_file;
      entry.key = shown_key;
      entry.outcome = EntryOutcome::kDeleted;
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
  auto loaded = LoadFile(in_, *task.object, view.account, ledger_.columns());
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
Result<std::optional<SourceObject>> Engine::LookAt(const Task& task, std::string& refused) {
  auto head = in_.source.Head(task.key);
  if (!head) {
    if (head.error().kind() == ErrorKind::kNotFound) return std::optional<SourceObject>();
    return Fail(head.error());
  }
  NamedObject named = NameObject(rules_, *head);
  if (!task.refused.empty()) {  // a duplicate, say: only a listing can tell that it is one no more
    named.object.source_file = task.source_file;
    return std::optional(std::move(named.object));
  }
  if (named.kind == NamedObject::Kind::kIgnored || named.object.source_file != task.source_file) {
    return std::optional<SourceObject>();
  }
  if (named.kind == NamedObject::Kind::kRefused) refused = named.reason;
  RTL_TRY(const bool duplicate, IsDuplicate(named.object));
  if (duplicate) {
    // The listing, which sees both, records it as failed. Here nothing is known of this key.
    observer_.OnNotice(
        fmt::format("{} stands for {}, as another live object does; the next listing records it", task.key,
                    task.source_file));
    return Fail(ErrorKind::kConflict, "two objects stand for one source_file");
  }
  return std::optional(std::move(named.object));
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
    ready_.push_back(std::move(file));
  }
  changed_.notify_all();
}

void Engine::Finish(const std::string& source_file) {
  {
    const std::lock_guard lock(mutex_);
    const auto it = in_flight_.find(source_file);
    if (it != in_flight_.end()) {
      if (it->second.look_again && !draining_) {
        it->second.look_again = false;
        Task task;
        task.source_file = source_file;
        task.key = it->second.key;
        queue_.push_back(std::move(task));
      } else {
        in_flight_.erase(it);
      }
    }
  }
  changed_.notify_all();
}

// HEAD first, whatever was seen before.
void Engine::PlanAgain(Task task) {
  task.object.reset();
  {
    const std::lock_guard lock(mutex_);
    if (draining_) {
      in_flight_.erase(task.source_file);
    } else {
      queue_.push_back(std::move(task));  // never waits: the thread that would make room may be this one
    }
  }
  changed_.notify_all();
}

void Engine::Stop(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }
  changed_.notify_all();
}

void Engine::CommitLoop() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return closing_ || error_ || !ready_.empty(); });
      // While more is queued a larger group is worth a moment: each commit costs its readers a file, for
      // ever.
      changed_.wait_for(lock, kGroupTime,
                        [&] { return closing_ || error_ || queue_.empty() || ready_.size() >= kGroupFiles; });
      if (closing_ || error_) return;
    }
    if (!CommitBatch(TakeReady())) return;
  }
}

void Engine::RunOnCallersThread() {
  while (!error()) {
    if (auto task = TakeTask()) {
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
    const auto count =
        std::min<std::size_t>(ready_.size(), static_cast<std::size_t>(in_.options.commit_max_files));
    const auto end = ready_.begin() + static_cast<std::ptrdiff_t>(count);
    batch.assign(std::make_move_iterator(ready_.begin()), std::make_move_iterator(end));
    ready_.erase(ready_.begin(), end);
  }
  changed_.notify_all();
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
    task.attempt = file.attempt + 1;
    PlanAgain(std::move(task));
  }
  for (const LoadedFile& file : outcome->nothing_to_do) Finish(file.source_file);
  for (const LedgerEntry& entry : outcome->committed) Finish(entry.source_file);
  return true;
}

void Engine::Report(Committer::Outcome& outcome) {
  std::vector<FileReport> reports;
  std::function<void(const std::string&, const std::string&)> on_unsettled;
  {
    const std::lock_guard lock(mutex_);
    on_unsettled = on_unsettled_;
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
  if (outcome.version >= 0) observer_.OnCommitted(outcome.version, reports);
  for (const FileReport& report : reports) {
    const bool problem = report.outcome == Outcome::kHeld || report.outcome == Outcome::kFailed;
    if (problem || report.error.empty() || notes_told_ > kMaxNotes) continue;
    ++notes_told_;
    observer_.OnNotice(notes_told_ > kMaxNotes ? "more files have notes: see error in file_log"
                                               : fmt::format("{}: {}", report.source_file, report.error));
  }
  if (!outcome.checkpoint_problem.empty())
    observer_.OnNotice("no checkpoint was written: " + outcome.checkpoint_problem);
}

}  // namespace rtl::load
