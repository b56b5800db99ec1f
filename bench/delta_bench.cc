// One step of bench/delta.py on a table, in a process of its own: what is measured begins cold.
// delta_bench make|open|replace|rows|checkpoint|upgrade TABLE [ARGUMENT...] prints one JSON object.
#include <arrow/array.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/uuid.h"
#include "counting_store.h"
#include "decode/ndjson.h"
#include "delta/predicate.h"
#include "delta/table.h"
#include "delta/table_reader.h"
#include "encode/parquet_encoder.h"
#include "store/local_store.h"

namespace {

using namespace rtl;
using bench::CountingStore;
using delta::Action;
using delta::Add;
using delta::TableState;
using delta::Version;

constexpr int kRows = 40;  // of a customer
constexpr int kFilesPerCommit = 10'000;
constexpr int kCommitsAfter = 10;       // the checkpoint
constexpr int kReplacedPerCommit = 20;  // in those

using Arguments = std::span<const std::string>;

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

std::int64_t ResidentBytes() {
  std::int64_t pages = 0;
  std::ifstream("/proc/self/statm").ignore(64, ' ') >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

// What is held, without what the allocators keep for the next time.
std::int64_t ResidentBytesTrimmed() {
  arrow::default_memory_pool()->ReleaseUnused();
  malloc_trim(0);
  return ResidentBytes();
}

// Of all threads: what a machine that others use too takes from the clock is not in it.
double CpuSeconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

std::int64_t NowMs() {
  return MillisSinceEpoch(SystemClock().Now());
}

std::string NameOf(std::int64_t customer) {
  return fmt::format("id-{:07}.txt", customer);
}

// As the loader's snapshot has it; the file itself need not exist.
Add SyntheticAdd(std::int64_t customer, std::int64_t file_version) {
  const std::string name = NameOf(customer);
  const std::string etag =
      fmt::format("{:x}-{:x}-18eb9b1b{:08x}-18eb9b1b{:08x}", 10'000 + customer % 977, 400'000 + customer,
                  customer * 7919 % 0xffffffff, customer * 104'729 % 0xffffffff);
  const auto bounds = [&](std::string_view digit, std::string_view millis) {
    return fmt::format(
        R"({{"wid":"{0}","ut_id":"{0}","json_data":"{{\"event\":\"order\",\"at\":\"2026-03-0{0}","source_file":"{1}","source_version":"{2}","file_version":{3},"ingest_time":"2026-11-26T13:23:38.{4}Z"}})",
        digit, name, etag.substr(0, 32), file_version, millis);
  };
  const std::uint64_t mixed = static_cast<std::uint64_t>(customer + 1) * 0x9e3779b97f4a7c15U;
  Add add{.path = fmt::format("{:08x}-{}.parquet", mixed >> 32U, NewUuid()),
          .size = 1635 + customer % 4000,
          .modification_time_ms = 1'795'699'418'265 + customer};
  add.stats = fmt::format(
      R"({{"numRecords":{},"minValues":{},"maxValues":{},"nullCount":{{"wid":0,"ut_id":0,"json_data":0,"source_file":0,"source_version":0,"file_version":0,"ingest_time":0}}}})",
      kRows, bounds("0", "263"), bounds("9", "264"));
  add.tags = {{"rtloader.fileRows", "40"},
              {"rtloader.fileVersion", std::to_string(file_version)},
              {"rtloader.files", "1"},
              {"rtloader.hash", fmt::format("{:016x}{:016x}", mixed, mixed * 31)},
              {"rtloader.rejected", "0"},
              {"rtloader.rows", "40"},
              {"rtloader.size", std::to_string(10'000 + customer % 977)},
              {"rtloader.sourceFile", name},
              {"rtloader.version", etag}};
  return add;
}

Action Info() {
  return delta::CommitInfo{fmt::format(
      R"({{"timestamp":{},"operation":"WRITE","operationParameters":{{"mode":"Append","files":"1"}},"isBlindAppend":false,"engineInfo":"rtloader/0.1.0","txnId":"{}"}})",
      NowMs(), NewUuid())};
}

Result<> Commit(const delta::Table& table, Version version, const std::vector<Action>& actions) {
  RTL_TRY(const auto outcome, table.PutCommit(version, actions));
  if (outcome != delta::PutOutcome::kCommitted) return Fail(ErrorKind::kConflict, "another writer");
  return {};
}

// A customer's rows, of `file_version`, become a data file and its add.
Result<Add> WriteRows(const delta::Table& table, Add add, const std::string& name,
                      std::int64_t file_version) {
  std::string lines;
  for (int row = 0; row < kRows; ++row) {
    lines +=
        fmt::format("{{\"wid\":\"{}\",\"ut_id\":\"u{}\",\"json_data\":{{\"round\":{},\"amount\":{}}}}}\n",
                    row, row, file_version, row * 37);
  }
  RTL_TRY(const DecodedSlice slice, decode::DecodeNdjson(lines, {}));
  encode::RowEncoder encoder({name, "etag", file_version, SystemClock().Now()},
                             [&](const EncodedFile& file) -> Result<> {
                               add.stats = file.stats;
                               add.size = static_cast<std::int64_t>(file.bytes.size());
                               return table.store().Put(table.DataKey(add.path), file.bytes);
                             });
  RTL_CHECK(encoder.Append(slice));
  RTL_CHECK(encoder.Finish());
  return add;
}

delta::Metadata BenchMetadata() {
  delta::Metadata metadata{.id = NewUuid()};
  for (const char* name : {"wid", "ut_id", "json_data", "source_file", "source_version"}) {
    metadata.schema.fields.push_back({.name = name, .type = "string"});
  }
  metadata.schema.fields.push_back({.name = "file_version", .type = "long"});
  metadata.schema.fields.push_back({.name = "ingest_time", .type = "timestamp"});
  metadata.configuration = {{"delta.enableExpiredLogCleanup", "false"}};
  metadata.created_time_ms = NowMs();
  return metadata;
}

// make TABLE FILES: a checkpoint of all, and kCommitsAfter commits after it. The middle customer's file is
// real.
Result<std::string> Make(const delta::Table& table, Arguments arguments) {
  const std::int64_t files = std::stoll(arguments[0]);
  RTL_CHECK(Commit(table, 0, {Info(), delta::Protocol{}, BenchMetadata()}));
  std::vector<Add> first;
  Version version = 0;
  for (std::int64_t customer = 0; customer < files;) {
    std::vector<Action> actions = {Info()};
    for (int i = 0; i < kFilesPerCommit && customer < files; ++i, ++customer) {
      Add add = SyntheticAdd(customer, 1);
      if (customer == files / 2) {
        RTL_TRY(add, WriteRows(table, SyntheticAdd(customer, 1), NameOf(customer), 1));
      } else if (first.size() < kCommitsAfter * kReplacedPerCommit) {
        first.push_back(add);
      }
      actions.emplace_back(std::move(add));
    }
    RTL_CHECK(Commit(table, ++version, actions));
  }
  RTL_CHECK(table.WriteCheckpoint(version));
  for (Version old = 0; old < version; ++old) {
    RTL_CHECK(table.store().Delete(table.DataKey(fmt::format("_delta_log/{:020}.json", old))));
  }
  for (std::size_t next = 0; next < first.size();) {
    std::vector<Action> actions = {Info()};
    for (int i = 0; i < kReplacedPerCommit; ++i, ++next) {
      actions.emplace_back(RemoveOf(first[next], NowMs(), true));
      actions.emplace_back(SyntheticAdd(static_cast<std::int64_t>(next), 2));
    }
    RTL_CHECK(Commit(table, ++version, actions));
  }
  return fmt::format(R"({{"version":{}}})", version);
}

// As the loader reads the snapshot when it starts: every add is seen once with statistics and tags.
class CountingSink final : public delta::ReplaySink {
 public:
  void Restart() override { files_ = 0; }
  Result<> OnAdd(Add&& add) override {
    if (add.stats.empty() || add.tags.size() != 9) return Fail(ErrorKind::kBadData, add.path);
    ++files_;
    return {};
  }
  std::int64_t files() const { return files_; }

 private:
  std::int64_t files_ = 0;
};

// open TABLE lean|full|scan
Result<std::string> Open(const delta::Table& table, Arguments arguments) {
  const std::int64_t before = ResidentBytesTrimmed();
  const double cpu_before = CpuSeconds();
  const auto began = std::chrono::steady_clock::now();
  TableState state;
  if (arguments[0] == "scan") {
    CountingSink sink;
    RTL_TRY(state, table.Scan(std::nullopt, sink, true));
    if (std::cmp_not_equal(sink.files(), state.files.size()))
      return Fail(ErrorKind::kInternal, "files differ");
  } else {
    const auto detail = arguments[0] == "full" ? delta::FileDetail::kFull : delta::FileDetail::kLean;
    RTL_TRY(state, table.Load(std::nullopt, detail));
  }
  const double seconds = Seconds(began);
  const double cpu = CpuSeconds() - cpu_before;
  const std::int64_t grown = ResidentBytes() - before;
  const std::int64_t trimmed = ResidentBytesTrimmed() - before;
  return fmt::format(
      R"({{"seconds":{},"cpu":{},"files":{},"bytes":{},"rss":{},"rss_trimmed":{},"version":{}}})", seconds,
      cpu, state.files.size(), state.files.MemoryBytes(), grown, trimmed, state.version);
}

Result<Add> FileOf(const TableState& state, const std::string& name) {
  std::optional<Add> found;
  state.files.ForEach([&](const Add& add) {
    const auto tag = add.tags.find("rtloader.sourceFile");
    if (tag != add.tags.end() && tag->second == name) found = add;
  });
  if (!found) return Fail(ErrorKind::kNotFound, name);
  return *found;
}

Add NewAdd(const Add& replaced, std::int64_t file_version) {
  Add add = replaced;
  add.path = fmt::format("{}-{}.parquet", replaced.path.substr(0, 8), NewUuid());
  add.tags["rtloader.fileVersion"] = std::to_string(file_version);
  add.modification_time_ms = NowMs();
  return add;
}

// replace TABLE NAME TIMES: each time rows are encoded, put and committed; then one look for commits of
// others.
Result<std::string> Replace(const delta::Table& table, CountingStore& store, Arguments arguments) {
  RTL_TRY(TableState state, table.Load());
  RTL_TRY(Add current, FileOf(state, arguments[0]));
  std::vector<double> all;
  std::vector<double> commits;
  for (int round = 0, rounds = std::stoi(arguments[1]); round < rounds; ++round) {
    const auto began = std::chrono::steady_clock::now();
    RTL_TRY(const Add add, WriteRows(table, NewAdd(current, 2 + round), arguments[0], 2 + round));
    const auto encoded = std::chrono::steady_clock::now();
    const delta::Commit commit{.version = state.version + 1,
                               .modified_at = SystemClock().Now(),
                               .actions = {Info(), RemoveOf(current, NowMs(), true), add}};
    RTL_CHECK(Commit(table, commit.version, commit.actions));
    RTL_CHECK(Advance(state, commit));
    all.push_back(Seconds(began));
    commits.push_back(Seconds(encoded));
    current = add;
  }
  store.Reset();
  const auto began = std::chrono::steady_clock::now();
  RTL_TRY(const auto newer, table.CommitsAfter(state.version));
  const double looked = Seconds(began);
  if (!newer.empty()) return Fail(ErrorKind::kConflict, "another writer");
  return fmt::format(
      R"({{"seconds":[{}],"commit_seconds":[{}],"files":{},"recheck":{{"seconds":{},"lists":{},"others":{}}}}})",
      fmt::join(all, ","), fmt::join(commits, ","), state.files.size(), looked, store.lists.load(),
      store.gets + store.heads + store.puts + store.deletes);
}

// rows TABLE NAME: of that customer, and the version they are of.
Result<std::string> Rows(const delta::Table& table, Arguments arguments) {
  RTL_TRY(const TableState state, table.Load());
  RTL_TRY(auto column, delta::ResolveColumn(state, {"source_file"}));
  delta::TableReadOptions options;
  options.columns = {"source_file", "file_version"};
  options.where = std::make_shared<delta::Predicate>(
      delta::Compare(std::move(column), delta::Comparison::kEqual, arguments[0]));
  std::string versions;
  RTL_TRY(
      const auto counts,
      delta::ReadTable(table, state, options, [&](const Add&, const arrow::RecordBatch& batch) -> Result<> {
        versions = batch.column(1)->Slice(0, 1)->ToString();
        std::erase_if(versions, [](char c) { return c < '0' || c > '9'; });
        return {};
      }));
  return fmt::format(R"({{"files":{},"rows":{},"files_read":{},"file_version":"{}"}})", state.files.size(),
                     counts.rows, counts.files_read, versions);
}

// checkpoint TABLE: of the newest version.
Result<std::string> Checkpoint(const delta::Table& table, CountingStore& store) {
  delta::WithoutFiles no_files;
  RTL_TRY(const TableState state, table.Scan(std::nullopt, no_files));
  store.Reset();
  const auto began = std::chrono::steady_clock::now();
  RTL_CHECK(table.WriteCheckpoint(state.version));
  return fmt::format(R"({{"seconds":{},"bytes":{},"sidecars":{},"version":{}}})", Seconds(began),
                     store.put_bytes.load(), store.sidecars.load(), state.version);
}

// upgrade TABLE: to checkpoints with sidecars.
Result<std::string> Upgrade(const delta::Table& table) {
  delta::WithoutFiles no_files;
  RTL_TRY(TableState state, table.Scan(std::nullopt, no_files));
  state.metadata.configuration["delta.checkpointPolicy"] = "v2";
  const delta::Protocol protocol{.min_reader_version = 3,
                                 .min_writer_version = 7,
                                 .reader_features = {"v2Checkpoint"},
                                 .writer_features = {"v2Checkpoint"}};
  RTL_CHECK(Commit(table, state.version + 1, {Info(), protocol, state.metadata}));
  return std::string("{}");
}

Result<std::string> Run(const std::string& step, const std::string& folder, Arguments arguments) {
  RTL_TRY(auto local, store::OpenLocalStore(folder, step == "make"));
  CountingStore store(std::move(local));
  const delta::Table table(store, "");
  if (step == "make" && arguments.size() == 1) return Make(table, arguments);
  if (step == "open" && arguments.size() == 1) return Open(table, arguments);
  if (step == "replace" && arguments.size() == 2) return Replace(table, store, arguments);
  if (step == "rows" && arguments.size() == 1) return Rows(table, arguments);
  if (step == "checkpoint") return Checkpoint(table, store);
  if (step == "upgrade") return Upgrade(table);
  return Fail(ErrorKind::kBadConfig, "no such step: " + step);
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> arguments(argv, argv + argc);
  if (arguments.size() < 3) return 2;
  const auto done = Run(arguments[1], arguments[2], Arguments(arguments).subspan(3));
  if (!done) {
    fmt::print(stderr, "{}: {}\n", arguments[1], done.error().message());
    return 1;
  }
  fmt::print("{}\n", *done);
  return 0;
} catch (const std::exception& error) {
  std::fputs(error.what(), stderr);
  return 1;
}
