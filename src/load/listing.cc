// A pass over the source: what a listing shows against what the ledger knows.
#include <fmt/format.h>

#include "load/loader_parts.h"

namespace rtl::load {
namespace {

bool IsLive(const KeyAccount& account) {
  return !account.files.empty() || (account.last && account.last->outcome != EntryOutcome::kDeleted);
}

}  // namespace

Result<LoaderParts::Pass> LoaderParts::ListSource(const std::stop_token& stop, DeleteBound& deletes,
                                                  const Submit& submit) {
  Pass pass;
  const Version base = ledger_->version();  // before the LIST
  ledger_->With([](Ledger& ledger) { ledger.BeginPass(); });
  RTL_TRY(const bool complete, options_.all_versions ? ListVersions(stop, base, pass, submit)
                                                     : ListObjects(stop, base, pass, submit));
  if (!complete) return pass;

  const auto mine = [this](std::string_view file) { return InShard(options_, file); };
  const auto unseen = ledger_->With([&](Ledger& ledger) { return ledger.Unseen(mine, base); });
  const std::int64_t known = ledger_->With([&](Ledger& ledger) { return ledger.live_files(mine); });
  pass.refused_deletes = deletes.Judge(static_cast<std::int64_t>(unseen.size()), known);
  if (!pass.refused_deletes.empty()) return pass;
  for (const Ledger::KnownFile& file : unseen) {
    Task task;  // a HEAD decides
    task.delete_judged = true;
    task.source_file = file.source_file;
    task.key = file.key.empty() ? file.source_file : file.key;
    if (!submit(std::move(task), Decision::kDelete)) break;
  }
  return pass;
}

// Whether the listing came to its end.
Result<bool> LoaderParts::ListObjects(const std::stop_token& stop, Version base, Pass& pass,
                                      const Submit& submit) {
  RTL_TRY(const auto lister, source_.List(""));
  for (;;) {
    RTL_TRY(const auto page, lister->Next());
    if (page.empty()) return true;
    for (const store::ObjectInfo& info : page) {
      if (stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
      auto task = TaskFor(NameObject(rules_, info), base, pass);
      if (!task) continue;
      const KeyAccount account = ledger_->Look(task->source_file).account;
      const ListedDecision decision = PlanListed(account, *task->object, inputs_.settings);
      if (decision == ListedDecision::kNothing) {
        ++pass.up_to_date;
        continue;
      }
      if (decision == ListedDecision::kLook) task->object.reset();
      if (!submit(std::move(*task), Decision::kLoad)) return false;
    }
  }
}

// The task for a listed object, as far as its name alone decides; nullopt when there is nothing to do about
// it.
std::optional<Task> LoaderParts::TaskFor(NamedObject named, Version base, Pass& pass) {
  if (named.kind == NamedObject::Kind::kIgnored) {
    ++pass.ignored;
    return std::nullopt;
  }
  if (!InShard(options_, named.object.source_file)) return std::nullopt;
  ++pass.seen;
  Task task;
  task.key = named.object.key;
  task.base = base;
  if (named.kind == NamedObject::Kind::kRefused) task.refused = named.reason;
  const bool again = ledger_->With(
      [&](Ledger& ledger) { return ledger.MarkSeen(named.object.source_file) == Ledger::Mark::kAgain; });
  if (again) {
    const std::string reason = fmt::format(
        "another object stands for {} already: keys must not share a source_file (see source.pattern)",
        named.object.source_file);
    named = Refuse(std::move(named.object), reason);
    task.refused = named.reason;
    ledger_->With([&](Ledger& ledger) { return ledger.MarkSeen(named.object.source_file); });
  }
  task.source_file = named.object.source_file;
  task.object = std::move(named.object);
  return task;
}

Result<bool> LoaderParts::ListVersions(const std::stop_token& stop, Version base, Pass& pass,
                                       const Submit& submit) {
  RTL_TRY(const auto lister, source_.ListVersions(""));
  std::vector<store::ListedVersion> of_key;  // newest first
  for (;;) {
    RTL_TRY(auto page, lister->Next());
    for (store::ListedVersion& version : page) {
      if (stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
      if (!of_key.empty() && of_key.front().info.key != version.info.key) {
        if (!TakeVersions(of_key, base, pass, submit)) return false;
        of_key.clear();
      }
      of_key.push_back(std::move(version));
    }
    if (!page.empty()) continue;
    return of_key.empty() || TakeVersions(of_key, base, pass, submit);
  }
}

bool LoaderParts::TakeVersions(const std::vector<store::ListedVersion>& newest_first, Version base,
                               Pass& pass, const Submit& submit) {
  NamedObject newest = NameObject(rules_, newest_first.front().info);
  const bool is_gone = newest_first.front().is_delete_marker;
  // A file of ours that is gone is found among the unseen, where the guard judges how many there are.
  if (is_gone && newest.kind != NamedObject::Kind::kFile) return true;
  if (is_gone && !InShard(options_, newest.object.source_file)) return true;
  if (is_gone && IsLive(ledger_->Look(newest.object.source_file).account)) return true;
  std::optional<Task> task;
  if (is_gone) {
    task.emplace();
    task->source_file = newest.object.source_file;
    task->key = newest.object.key;
    task->base = base;
    task->delete_judged = true;
  } else {
    task = TaskFor(std::move(newest), base, pass);
    if (!task) return true;
  }
  const KeyAccount account = ledger_->Look(task->source_file).account;
  if (!task->refused.empty()) {
    const bool known = PlanKey(account, task->object->version, inputs_.settings) == Decision::kNothing;
    if (known) ++pass.up_to_date;
    return known || submit(std::move(*task), Decision::kLoad);
  }
  std::vector<Generation> generations;
  for (const store::ListedVersion& version : newest_first) {
    NamedObject named = NameObject(rules_, version.info);
    generations.push_back({std::move(named.object), version.is_delete_marker});
  }
  task->rest = NewGenerations(account, generations, inputs_.settings);
  if (task->rest.empty()) {
    if (!is_gone) ++pass.up_to_date;
    return true;
  }
  task->object = std::move(task->rest.front().object);
  task->is_delete = task->rest.front().is_delete;
  task->rest.pop_front();
  return submit(std::move(*task), Decision::kLoad);
}

}  // namespace rtl::load
