// The loader's parts, wired. Internal to load/: loader.h is the door.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "load/committer.h"
#include "load/deriver.h"
#include "load/engine.h"
#include "load/generations.h"
#include "load/live_ledger.h"
#include "load/load_file.h"
#include "load/loader.h"
#include "load/maintenance.h"
#include "load/source_naming.h"
#include "load/table_set.h"
#include "load/worker_pool.h"

namespace rtl::load {

// Calls another observer from one thread at a time, as Observer promises.
class SerialObserver final : public Observer {
 public:
  explicit SerialObserver(Observer& inner) : inner_(inner) {}
  void OnPlanned(std::int64_t files, std::int64_t bytes) override {
    const std::lock_guard lock(mutex_);
    inner_.OnPlanned(files, bytes);
  }
  void OnFileDone(const FileReport& report) override {
    const std::lock_guard lock(mutex_);
    inner_.OnFileDone(report);
  }
  void OnCommitted(std::int64_t version, const std::vector<FileReport>& reports) override {
    const std::lock_guard lock(mutex_);
    inner_.OnCommitted(version, reports);
  }
  void OnNotice(const std::string& notice) override {
    const std::lock_guard lock(mutex_);
    inner_.OnNotice(notice);
  }
  void OnUpkeep(const std::string& done) override {
    const std::lock_guard lock(mutex_);
    inner_.OnUpkeep(done);
  }

 private:
  Observer& inner_;
  std::mutex mutex_;
};

class LoaderParts final : public Loader {
 public:
  LoaderParts(store::ObjectStore& source, store::ObjectStore& tables, Options options, Observer* observer,
              discover::SourceRules rules, const Clock& clock);

  Result<> OpenTables(bool create);

  Result<SyncReport> Sync(std::stop_token stop, const RunBounds& bounds) override;
  Result<SyncReport> Watch(std::stop_token stop) override;
  void Hint(std::string key, HintDone done) override;
  Result<KeysReport> LoadKeys(const std::vector<std::string>& keys, std::stop_token stop) override;
  Result<SyncReport> Repair(const VerifyReport& found, std::stop_token stop) override;
  Result<RepackReport> ConvertLayout(Layout to, std::stop_token stop) override;
  Result<RepackReport> Compact(std::stop_token stop) override;
  Result<PlanReport> Plan() override;
  Result<VerifyReport> Verify(bool fast, std::stop_token stop) override;
  Result<StatusReport> Status() override;

 private:
  struct Pass {
    std::int64_t seen = 0;
    std::int64_t ignored = 0;
    std::int64_t up_to_date = 0;
    std::string refused_deletes;
  };
  // Lists the source and calls `submit` for each task; a false answer ends the pass.
  using Submit = std::function<bool(Task, Decision)>;
  Result<Pass> ListSource(const std::stop_token& stop, DeleteBound& deletes, const Submit& submit);
  Result<bool> ListObjects(const std::stop_token& stop, Version base, Pass& pass, const Submit& submit);
  Result<bool> ListVersions(const std::stop_token& stop, Version base, Pass& pass, const Submit& submit);
  bool TakeVersions(const std::vector<store::ListedVersion>& newest_first, Version base, Pass& pass,
                    const Submit& submit);
  std::optional<Task> TaskFor(NamedObject named, Version base, Pass& pass);
  std::optional<Task> TaskForKey(
      const std::string& key) const;  // to be looked at; nullopt: no customer's file
  // Runs these alone, without a listing.
  Result<SyncReport> RunTasks(std::vector<Task> tasks, const std::stop_token& stop);
  class Lister;
  Result<SyncReport> Follow(std::chrono::steady_clock::time_point started, std::stop_token stop);
  void SubmitHint(Engine& engine, const std::string& key, std::vector<HintDone> waiting);
  Result<> Derive();
  // Derives; a failure is a notice until derivation lags too far behind.
  Result<> DeriveOrWarn();
  Result<> CheckPinnedColumns() const;
  void Wire(Engine& engine);  // to the maintenance
  SyncReport MakeReport(const Engine& engine, const Pass& pass,
                        std::chrono::steady_clock::time_point started);

  // For verify. Rows in the snapshot's data by source_file and file_version.
  using RowCounts = std::map<std::pair<std::string, std::int64_t>, std::int64_t>;
  Result<RowCounts> CountTableRows(std::map<std::string, std::string>& damaged) const;
  std::string CompareVersion(const SourceObject& object, const KeyAccount& account) const;
  Result<std::string> CompareContent(const SourceObject& object, const KeyAccount& account,
                                     const RowCounts& counts, std::int64_t& rows);
  Result<std::int64_t> CountSourceRows(const SourceObject& object, ContentHash& hash);
  Result<> CompareRecords(VerifyReport& report);

  store::ObjectStore& source_;
  store::ObjectStore& tables_;
  Options options_;
  Observer silent_;
  SerialObserver serial_;
  Observer* observer_;
  discover::SourceRules rules_;
  const Clock& clock_;
  TableSet set_;
  WorkerPool decoders_;
  LoadInputs inputs_;
  bool exist_ = false;
  std::unique_ptr<Deriver> deriver_;
  std::unique_ptr<LiveLedger> ledger_;
  std::optional<Timestamp> lagging_since_;
  Maintenance maintenance_;

  std::mutex hints_mutex_;
  std::condition_variable hints_changed_;
  std::map<std::string, std::vector<HintDone>> hints_;
  bool watch_ended_ = false;
};

}  // namespace rtl::load
