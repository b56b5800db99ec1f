// Opening, listing, sync and derive. Watch, verify and status have files of their own.
#include "load/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "discover/utf8_name.h"
#include "load/entry_report.h"
#include "load/loader_parts.h"

namespace rtl::load {
namespace {

int ThreadsFor(const Options& options) {
  if (options.threads > 0) return options.threads;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

std::string_view ToString(Outcome outcome) {
  switch (outcome) {
    case Outcome::kLoaded:
      return "loaded";
    case Outcome::kReplaced:
      return "replaced";
    case Outcome::kDeleted:
      return "deleted";
    case Outcome::kUnchanged:
      return "unchanged";
    case Outcome::kHeld:
      return "held";
    case Outcome::kFailed:
      return "failed";
  }
  return "failed";
}

Result<std::unique_ptr<Loader>> Loader::Open(store::ObjectStore& source, store::ObjectStore& tables,
                                             Options options, Observer* observer, bool create,
                                             const Clock& clock) {
  RTL_TRY(auto rules, discover::SourceRules::Make(options.source_pattern));
  auto parts =
      std::make_unique<LoaderParts>(source, tables, std::move(options), observer, std::move(rules), clock);
  RTL_CHECK(parts->OpenTables(create));
  return std::unique_ptr<Loader>(std::move(parts));
}

LoaderParts::LoaderParts(store::ObjectStore& source, store::ObjectStore& tables, Options options,
                         Observer* observer, discover::SourceRules rules, const Clock& clock)
    : source_(source),
      tables_(tables),
      options_(std::move(options)),
      serial_(observer != nullptr ? *observer : silent_),
      observer_(&serial_),
      rules_(std::move(rules)),
      clock_(clock),
      set_(MakeTableSet(tables_, options_, clock_)),
      decoders_(ThreadsFor(options_)),
      inputs_{source_, set_, options_, SettingsFingerprint(options_), decoders_, clock_},
      maintenance_(tables_, options_, *observer_, clock_) {}

Result<> LoaderParts::OpenTables(bool create) {
  const Timestamp now = clock_.Now();
  if (!discover::IsUtf8(options_.source_uri)) {
    return Fail(ErrorKind::kBadConfig,
                "the source's path is not valid UTF-8, which the tables' properties must be: rename it");
  }
  auto snapshot = OpenOrCreate(set_.snapshot, Role::kSnapshot, options_, false, now);
  if (create) {
    const bool is_new = !snapshot && snapshot.error().kind() == ErrorKind::kNotFound;
    if (is_new) {
      // A source that is mistyped must not get tables, which would then be bound to it.
      RTL_TRY(const auto lister, source_.List(""));
      RTL_CHECK(lister->Next());
    }
    RTL_CHECK(set_.snapshot.ProbePutIfAbsent());
    if (is_new) snapshot = OpenOrCreate(set_.snapshot, Role::kSnapshot, options_, true, now);
  }
  if (!snapshot && !create && snapshot.error().kind() == ErrorKind::kNotFound) return {};
  if (!snapshot) return Fail(snapshot.error());
  auto deriver = Deriver::Open(set_, *snapshot, options_, create, clock_);
  if (!deriver && !create && deriver.error().kind() == ErrorKind::kNotFound) return {};
  if (!deriver) return Fail(deriver.error());
  deriver_ = std::move(*deriver);
  deriver_->OnCommit([this](Role role, Version version) { maintenance_.Committed(role, version); });
  maintenance_.CompactSnapshotBy(
      [this](std::stop_token compact_stop) { return Compact(std::move(compact_stop)); });
  RTL_TRY(ledger_, LiveLedger::Open(set_, clock_));
  exist_ = true;
  RTL_CHECK(CheckPinnedColumns());
  const Version absorbed = deriver_->absorbed();
  if (absorbed < ledger_->version()) {
    RTL_TRY(const delta::Commit first, set_.snapshot.ReadCommit(absorbed + 1));
    lagging_since_ = first.modified_at;
  }
  return {};
}

Result<> LoaderParts::CheckPinnedColumns() const {
  if (options_.pinned_columns.empty()) return {};
  const auto columns = ledger_->columns();
  for (const decode::Column& known : columns->data) {
    for (const decode::Column& pinned : options_.pinned_columns) {
      if (decode::FoldCase(known.name) != decode::FoldCase(pinned.name)) continue;
      if (known.name == pinned.name && known.type == pinned.type) continue;
      return Fail(
          ErrorKind::kBadConfig,
          fmt::format(
              "rows.schema pins column {}, which the table {} has as {} of another spelling or type: pin it "
              "as it is there, or load into new tables",
              pinned.name, set_.snapshot.Uri(), known.name));
    }
  }
  return {};
}

void LoaderParts::Wire(Engine& engine) {
  engine.OnCommit([this](Version version) { maintenance_.Committed(Role::kSnapshot, version); });
}

Result<SyncReport> LoaderParts::Sync(std::stop_token stop, const RunBounds& bounds) {
  const auto started = std::chrono::steady_clock::now();
  RTL_CHECK(ledger_->Refresh());
  RTL_CHECK(ledger_->CheckNothingLost());
  RTL_CHECK(DeriveOrWarn());
  Committer committer(set_, *ledger_, options_, clock_);
  Engine engine(inputs_, rules_, *ledger_, committer, *observer_);
  Wire(engine);
  std::int64_t files = 0;
  std::int64_t bytes = 0;
  std::int64_t left_over = 0;
  auto pass = ListSource(stop, engine.deletes(), [&](Task task, Decision) {
    const std::int64_t size = task.object ? task.object->size : 0;
    if (files >= bounds.max_files || (files > 0 && bytes + size > bounds.max_bytes)) {
      ++left_over;
      return true;
    }
    ++files;
    bytes += size;
    observer_->OnPlanned(1, size);
    return engine.Submit(std::move(task)) != Engine::Submitted::kRefused;
  });
  auto done = pass ? engine.WaitIdle(stop) : Result<>(Fail(pass.error()));
  if (!done) {
    if (done.error().kind() == ErrorKind::kCancelled) RTL_CHECK(engine.Drain());
    // What was committed is derived by the next run at the latest; try now, but the first error is the one to
    // tell.
    [[maybe_unused]] const auto derived = Derive();
    maintenance_.Stop();
    return Fail(done.error());
  }
  RTL_CHECK(Derive());
  if (auto compacted = Compact(stop); !compacted) {
    observer_->OnNotice("the packed files were not compacted: " + compacted.error().message());
  } else if (compacted->version >= 0) {
    maintenance_.Committed(Role::kSnapshot, compacted->version);
    RTL_CHECK(Derive());
  }
  maintenance_.Finish(stop);
  if (options_.maintenance.on_sync) maintenance_.RunAll(stop);
  pass->refused_deletes = engine.deletes().refusal();
  SyncReport report = MakeReport(engine, *pass, started);
  report.left_over = left_over;
  return report;
}

Result<> LoaderParts::Derive() {
  // Readers do without it where it cannot be written.
  if (const auto written = ledger_->WriteChecksum(); !written) observer_->OnNotice(written.error().message());
  if (deriver_->absorbed() >= ledger_->version()) {
    lagging_since_.reset();
    return {};
  }
  const Version version = ledger_->version();  // first: the columns must be those of this version or newer
  RTL_CHECK(deriver_->Derive(version, {ledger_->protocol(), ledger_->metadata()}));
  lagging_since_.reset();
  return {};
}

Result<> LoaderParts::DeriveOrWarn() {
  auto derived = Derive();
  if (derived) return {};
  const Timestamp now = clock_.Now();
  if (!lagging_since_) lagging_since_ = now;
  if (now - *lagging_since_ > options_.max_derivation_lag) {
    return Fail(derived.error().Wrap(
        "the derived tables have lagged behind the snapshot for too long, so nothing more is "
        "loaded: mend what follows"));
  }
  observer_->OnNotice("the derived tables lag behind: " + derived.error().message());
  return {};
}

SyncReport LoaderParts::MakeReport(const Engine& engine, const Pass& pass,
                                   std::chrono::steady_clock::time_point started) {
  const Engine::Counts counts = engine.counts();
  SyncReport report;
  report.files_seen = pass.seen;
  report.ignored = pass.ignored;
  report.up_to_date = pass.up_to_date;
  report.refused_deletes = pass.refused_deletes;
  report.loaded = counts.loaded;
  report.replaced = counts.replaced;
  report.deleted = counts.deleted;
  report.unchanged = counts.unchanged;
  report.held = counts.held;
  report.failed = counts.failed;
  report.rows = counts.rows;
  report.rejected = counts.rejected;
  report.bytes = counts.bytes;
  report.commits = counts.commits;
  report.snapshot_version = ledger_->version();
  for (const LedgerEntry& entry : ledger_->With([](Ledger& ledger) { return ledger.Problems(); })) {
    report.problems.push_back(ToReport(entry));
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return report;
}

Result<PlanReport> LoaderParts::Plan() {
  PlanReport report;
  const auto take = [&](Task task, Decision decision, bool replaces) {
    PlannedFile file;
    file.source_file = task.source_file;
    file.bytes = task.object ? task.object->size : 0;
    file.reason = task.refused;
    file.action = !task.refused.empty()           ? "failed"
                  : decision == Decision::kDelete ? "delete"
                  : replaces                      ? "replace"
                                                  : "load";
    report.bytes += file.bytes;
    report.files.push_back(std::move(file));
    return true;
  };
  if (exist_) {
    RTL_CHECK(ledger_->Refresh());
    DeleteBound deletes(options_.guard, 0);
    RTL_TRY(const Pass pass, ListSource({}, deletes, [&](Task task, Decision decision) {
              const bool replaces = !ledger_->Look(task.source_file).account.files.empty();
              return take(std::move(task), decision, replaces);
            }));
    report.up_to_date = pass.up_to_date;
    report.refused_deletes = pass.refused_deletes;
  } else {
    std::set<std::string> seen;
    RTL_TRY(const auto lister, source_.List(""));
    for (;;) {
      RTL_TRY(const auto page, lister->Next());
      if (page.empty()) break;
      for (const store::ObjectInfo& info : page) {
        NamedObject named = NameObject(rules_, info);
        if (named.kind == NamedObject::Kind::kIgnored) continue;
        Task task;
        task.source_file = named.object.source_file;
        task.refused = named.reason;
        if (!seen.insert(task.source_file).second) task.refused = "another object stands for it already";
        task.object = std::move(named.object);
        take(std::move(task), Decision::kLoad, false);
      }
    }
  }
  std::sort(report.files.begin(), report.files.end(),
            [](const PlannedFile& a, const PlannedFile& b) { return a.source_file < b.source_file; });
  return report;
}

}  // namespace rtl::load
