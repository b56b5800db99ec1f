// Always on: hints as they come, a listing every so often, derived tables every few seconds.
#include <algorithm>
#include <map>

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

void LoaderParts::Hint(std::string key) {
  {
    const std::lock_guard lock(hints_mutex_);
    hints_.insert(std::move(key));
  }
  hints_changed_.notify_all();
}

Result<SyncReport> LoaderParts::Watch(std::stop_token stop) {
  const auto started = SteadyClock::now();
  const std::stop_callback wake(stop, [this] {
    const std::lock_guard lock(hints_mutex_);
    hints_changed_.notify_all();
  });
  RTL_CHECK(DeriveOrWarn());
  Relooks relooks;
  Committer committer(set_, *ledger_, options_, clock_);
  Engine engine(inputs_, rules_, *ledger_, committer, *observer_);
  engine.OnUnsettled([&](const std::string&, const std::string& key) { relooks.Add(key); });

  Pass total;
  auto next_listing = started;
  auto next_derive = started + options_.derive_interval;
  Result<> ended;
  const auto look = [&](const std::string& key) {
    store::ObjectInfo info;
    info.key = key;
    const NamedObject named = NameObject(rules_, info);
    if (named.kind == NamedObject::Kind::kIgnored) return;
    Task task;
    task.source_file = named.object.source_file;
    task.key = key;
    engine.Submit(std::move(task));
  };
  while (!stop.stop_requested()) {
    std::set<std::string> hints;
    {
      std::unique_lock lock(hints_mutex_);
      auto until = std::min(next_listing, next_derive);
      if (!relooks.empty()) until = std::min(until, SteadyClock::now() + std::chrono::milliseconds(200));
      hints_changed_.wait_until(lock, until, [&] { return stop.stop_requested() || !hints_.empty(); });
      hints.swap(hints_);
    }
    if (auto error = engine.error()) {
      ended = Fail(*error);
      break;
    }
    for (const std::string& key : hints) {
      if (stop.stop_requested()) break;
      if (key.empty()) {
        next_listing = SteadyClock::now();
      } else {
        look(key);
      }
    }
    for (const std::string& key : relooks.TakeDue()) look(key);

    if (SteadyClock::now() >= next_listing) {
      if (auto refreshed = ledger_->Refresh(); !refreshed) {
        ended = Fail(refreshed.error());
        break;
      }
      auto pass = ListSource(stop, engine.deletes(), [&](Task task, Decision) {
        observer_->OnPlanned(1, task.object ? task.object->size : 0);
        return engine.Submit(std::move(task));
      });
      if (pass) {
        if (!pass->refused_deletes.empty()) observer_->OnNotice(pass->refused_deletes);
        total = *pass;
      } else if (pass.error().kind() != ErrorKind::kCancelled) {
        observer_->OnNotice("listing the source failed, the next one is due as usual: " +
                            pass.error().message());
      }
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
  const auto drained = engine.Drain();
  if (ended && !drained) ended = drained;
  const auto derived = Derive();
  if (ended && !derived) ended = derived;
  if (!ended) return Fail(ended.error());
  return MakeReport(engine, total, started);
}

}  // namespace rtl::load
