// Always on: hints as they come, a listing every so often, derived tables every few seconds.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>
#include <utility>

#include "load/loader_parts.h"

namespace rtl::load {
namespace {

using SteadyClock = std::chrono::steady_clock;

// An unsettled file is looked at again when two seconds have passed (ObjectVersion::settled), and a little
// more.
constexpr std::chrono::milliseconds kSettleTime{2'100};

// Files to look at again, by when. Filled by the committing thread.
class Relooks {
 public:
  void Add(const std::string& key) {
    const std::lock_guard lock(mutex_);
    due_[key] = SteadyClock::now() + kSettleTime;
  }
  std::vector<std::string> TakeDue() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> keys;
    const auto now = SteadyClock::now();
    for (auto it = due_.begin(); it != due_.end();) {
      if (it->second > now) {
        ++it;
        continue;
      }
      keys.push_back(it->first);
      it = due_.erase(it);
    }
    return keys;
  }
  bool empty() const {
    const std::lock_guard lock(mutex_);
    return due_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, SteadyClock::time_point> due_;
};

}  // namespace

// Runs listings on a thread of its own, so that hints do not wait while a long one fills the queue.
class LoaderParts::Lister {
 public:
  Lister(LoaderParts& parts, Engine& engine, std::stop_token stop)
      : parts_(parts), engine_(engine), stop_(std::move(stop)) {}

  bool busy() const { return busy_; }

  void Start(bool count_found) {
    busy_ = true;
    thread_ = std::jthread([this, count_found] {
      Run(count_found);
      busy_ = false;
      const std::lock_guard lock(parts_.hints_mutex_);
      parts_.hints_changed_.notify_all();
    });
  }
  void Join() {
    if (thread_.joinable()) thread_.join();
  }
  // Read when not busy.
  Pass last;
  std::int64_t found = 0;  // by listings after the first
  std::optional<Error> fatal;

 private:
  void Run(bool count_found) {
    if (auto refreshed = parts_.ledger_->Refresh(); !refreshed) {
      fatal = refreshed.error();
      return;
    }
    std::int64_t found_now = 0;
    auto pass = parts_.ListSource(stop_, engine_.deletes(), [&](Task task, Decision) {
      parts_.observer_->OnPlanned(1, task.object ? task.object->size : 0);
      const Engine::Submitted submitted = engine_.Submit(std::move(task));
      if (submitted == Engine::Submitted::kQueued) ++found_now;
      return submitted != Engine::Submitted::kRefused;
    });
    if (!pass) {
      if (pass.error().kind() == ErrorKind::kCancelled) return;
      parts_.observer_->OnNotice("listing the source failed, the next one is due as usual: " +
                                 pass.error().message());
      return;
    }
    if (!pass->refused_deletes.empty()) parts_.observer_->OnNotice(pass->refused_deletes);
    if (count_found && found_now > 0) {
      found += found_now;
      parts_.observer_->OnNotice(
          fmt::format("the listing found {} changed or deleted files that no event had told of", found_now));
    }
    last = *pass;
  }

  LoaderParts& parts_;
  Engine& engine_;
  const std::stop_token stop_;
  std::atomic<bool> busy_ = false;
  std::jthread thread_;
};

void LoaderParts::Hint(std::string key, HintDone done) {
  {
    const std::lock_guard lock(hints_mutex_);
    if (!watch_ended_) {
      auto& waiting = hints_[std::move(key)];
      if (done) waiting.push_back(std::exchange(done, nullptr));
    }
  }
  if (done) done(false);
  hints_changed_.notify_all();
}

void LoaderParts::SubmitHint(Engine& engine, const std::string& key, std::vector<HintDone> waiting) {
  const auto tell = [waiting = std::move(waiting)](bool handled) {
    for (const HintDone& done : waiting) done(handled);
  };
  auto task = TaskForKey(key);
  if (!task) {
    tell(true);
    return;
  }
  task->urgent = true;
  task->done = tell;
  engine.Submit(std::move(*task));
}

Result<SyncReport> LoaderParts::Watch(std::stop_token stop) {
  const auto started = SteadyClock::now();
  const std::stop_callback wake(stop, [this] {
    const std::lock_guard lock(hints_mutex_);
    hints_changed_.notify_all();
  });
  {
    const std::lock_guard lock(hints_mutex_);
    watch_ended_ = false;
  }
  auto watched = Follow(started, stop);
  std::map<std::string, std::vector<HintDone>> abandoned;
  {
    const std::lock_guard lock(hints_mutex_);
    watch_ended_ = true;
    abandoned.swap(hints_);
  }
  for (const auto& [key, waiting] : abandoned) {
    for (const HintDone& done : waiting) done(false);
  }
  return watched;
}

Result<SyncReport> LoaderParts::Follow(std::chrono::steady_clock::time_point started, std::stop_token stop) {
  RTL_CHECK(ledger_->CheckNothingLost());
  RTL_CHECK(DeriveOrWarn());
  Relooks relooks;
  Committer committer(set_, *ledger_, options_, clock_);
  Engine engine(inputs_, rules_, *ledger_, committer, *observer_);
  engine.OnUnsettled([&](const std::string&, const std::string& key) { relooks.Add(key); });
  Wire(engine);
  // Of loaders that share the source, one is enough.
  maintenance_.Start(options_.maintenance.enabled && options_.shard == 0);
  const std::stop_callback end_maintenance(stop, [this] { maintenance_.RequestStop(); });
  // Also ended by an error, which must not wait for a long listing.
  std::stop_source stop_listing;
  const std::stop_callback forward(stop, [&] { stop_listing.request_stop(); });
  Lister lister(*this, engine, stop_listing.get_token());

  bool listed = false;
  auto next_listing = started;
  auto next_derive = started + options_.derive_interval;
  Result<> ended;
  while (!stop.stop_requested()) {
    std::map<std::string, std::vector<HintDone>> hints;
    {
      std::unique_lock lock(hints_mutex_);
      const bool was_busy = lister.busy();
      auto until = was_busy ? next_derive : std::min(next_listing, next_derive);
      if (!relooks.empty()) until = std::min(until, SteadyClock::now() + std::chrono::milliseconds(200));
      hints_changed_.wait_until(
          lock, until, [&] { return stop.stop_requested() || !hints_.empty() || lister.busy() != was_busy; });
      hints.swap(hints_);
    }
    if (!lister.busy() && lister.fatal) {
      ended = Fail(*lister.fatal);
    } else if (auto error = engine.error()) {
      ended = Fail(*error);
    }
    if (!ended) {
      for (auto& [key, waiting] : hints) {
        for (const HintDone& done : waiting) done(false);
      }
      break;
    }
    for (auto& [key, waiting] : hints) {
      if (key.empty()) {
        next_listing = SteadyClock::now();
        for (const HintDone& done : waiting) done(true);
      } else {
        SubmitHint(engine, key, std::move(waiting));
      }
    }
    for (const std::string& key : relooks.TakeDue()) SubmitHint(engine, key, {});

    if (!lister.busy() && SteadyClock::now() >= next_listing) {
      lister.Join();
      lister.Start(listed);
      listed = true;
      next_listing = SteadyClock::now() + options_.list_interval;
    }
    if (SteadyClock::now() >= next_derive) {
      if (auto derived = DeriveOrWarn(); !derived) {
        ended = derived;
        break;
      }
      next_derive = SteadyClock::now() + options_.derive_interval;
    }
  }
  stop_listing.request_stop();
  const auto drained = engine.Drain();
  lister.Join();
  if (ended && !drained) ended = drained;
  const auto derived = Derive();
  if (ended && !derived) ended = derived;
  maintenance_.Stop();
  if (!ended) return Fail(ended.error());
  SyncReport report = MakeReport(engine, lister.last, started);
  report.found_by_listing = lister.found;
  return report;
}

}  // namespace rtl::load
