// Many writers on one table at once: as many versions as commits, none missing, none overwritten.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "delta/table.h"
#include "delta/testing_actions.h"
#include "store/local_store.h"
#include "store/store_under_test.h"

namespace rtl::delta {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kWriters = 16;
constexpr int kCommits = 20;
#else
constexpr int kWriters = 64;
constexpr int kCommits = 100;
#endif
constexpr Version kCheckpointEvery = 500;

// Most of the time of a commit on a disk is its syncs.
std::filesystem::path Memory() {
  const std::filesystem::path memory = "/dev/shm";
  return access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

std::string Name(int writer, int commit) {
  return fmt::format("w{}-{}", writer, commit);
}

// Takes the first version that is free, as a blind append may (it reads nothing). An error ends the writer.
Result<Version> CommitNext(const Table& table, Version newest, const std::vector<Action>& actions) {
  while (true) {
    RTL_TRY(PutOutcome outcome, table.PutCommit(newest + 1, actions));
    while (outcome == PutOutcome::kUnknown) {
      RTL_TRY(outcome, table.SettleUnknown(newest + 1, actions));
    }
    if (outcome == PutOutcome::kCommitted) return newest + 1;
    RTL_TRY(const std::vector<Commit> others, table.CommitsAfter(newest));
    if (others.empty()) return Fail(ErrorKind::kInternal, fmt::format("{} is taken, yet absent", newest + 1));
    newest = others.back().version;
  }
}

Result<> Write(store::ObjectStore& store, int writer) {
  const Table table(store, "t");
  Version newest = 0;
  for (int commit = 0; commit < kCommits; ++commit) {
    const std::string name = Name(writer, commit);
    RTL_TRY(newest, CommitNext(table, newest, {InfoWith(name), SomeAdd(name)}));
    if (newest % kCheckpointEvery == 0) RTL_CHECK(table.WriteCheckpoint(newest));
  }
  return {};
}

// Writers first..first+count, a thread each; what went wrong.
std::vector<std::string> WriteInThreads(store::ObjectStore& store, int first, int count) {
  std::vector<std::string> errors(static_cast<std::size_t>(count));
  std::vector<std::thread> threads;
  for (int n = 0; n < count; ++n) {
    threads.emplace_back([&store, first, n, &error = errors[static_cast<std::size_t>(n)]] {
      if (const Result<> written = Write(store, first + n); !written) error = written.error().message();
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::erase(errors, "");
  return errors;
}

void Begin(store::ObjectStore& store) {
  const std::vector<Action> first = {InfoWith("begin"), Protocol{}, SomeMetadata()};
  ASSERT_EQ(Table(store, "t").PutCommit(0, first), PutOutcome::kCommitted);
}

void CheckNothingLost(store::ObjectStore& store) {
  constexpr Version kLast = Version{kWriters} * kCommits;
  const Table table(store, "t");
  std::map<std::string, Version> version_of;
  Version next = 1;
  const Result<> read = table.ForEachCommit(1, kLast, [&](const Commit& commit) -> Result<> {
    EXPECT_EQ(commit.version, next++);
    for (const Action& action : commit.actions) {
      if (const auto* add = std::get_if<Add>(&action)) {
        EXPECT_TRUE(version_of.emplace(add->path, commit.version).second) << add->path << " twice";
      }
    }
    return {};
  });
  ASSERT_TRUE(read) << read.error().message();
  for (int writer = 0; writer < kWriters; ++writer) {
    Version before = 0;
    for (int commit = 0; commit < kCommits; ++commit) {
      const auto found = version_of.find(Name(writer, commit));
      ASSERT_NE(found, version_of.end()) << Name(writer, commit) << " is lost";
      EXPECT_GT(found->second, before);
      before = found->second;
    }
  }
  const auto state = table.Load();
  ASSERT_TRUE(state) << state.error().message();
  EXPECT_EQ(state->version, kLast);
  EXPECT_EQ(state->files.size(), static_cast<std::size_t>(kLast));
}

TEST(ManyWriters, InOneProcess) {
  store::TempFolder folder(Memory());
  const auto store = store::OpenLocalStore(folder.path().native(), false);
  ASSERT_TRUE(store);
  Begin(**store);
  EXPECT_EQ(WriteInThreads(**store, 0, kWriters), std::vector<std::string>());
  CheckNothingLost(**store);
}

TEST(ManyWriters, InManyProcesses) {
  constexpr int kProcesses = 8;
  store::TempFolder folder(Memory());
  const auto store = store::OpenLocalStore(folder.path().native(), false);
  ASSERT_TRUE(store);
  Begin(**store);
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      constexpr int kEach = kWriters / kProcesses;
      const std::vector<std::string> errors = WriteInThreads(**store, process * kEach, kEach);
      for (const std::string& error : errors) fmt::print(stderr, "{}\n", error);
      _exit(errors.empty() ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  CheckNothingLost(**store);
}

}  // namespace
}  // namespace rtl::delta
