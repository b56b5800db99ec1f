#include "discover/directory_watch.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "core/uuid.h"

namespace rtl::discover {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// What a watch has told so far.
class Told {
 public:
  void Add(std::string text) {
    const std::lock_guard lock(mutex_);
    texts_.push_back(std::move(text));
    changed_.notify_all();
  }
  // Waits until `text` is told, with a deadline that only a fault reaches.
  bool WaitFor(const std::string& text, std::ptrdiff_t times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30),
                             [&] { return std::count(texts_.begin(), texts_.end(), text) >= times; });
  }
  bool WaitForAny() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return !texts_.empty(); });
  }
  std::vector<std::string> Texts() {
    const std::lock_guard lock(mutex_);
    return texts_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> texts_;
};

class DirectoryWatchTest : public ::testing::Test {
 protected:
  DirectoryWatchTest() { fs::create_directories(root_); }
  ~DirectoryWatchTest() override {
    watch_.reset();
    fs::remove_all(base_);
  }

  void Open() {
    auto watch = DirectoryWatch::Open(
        root_, [this](std::string key) { hints_.Add(std::move(key)); },
        [this](std::string text) { notices_.Add(std::move(text)); });
    ASSERT_TRUE(watch) << watch.error().message();
    watch_ = std::move(*watch);
  }
  void Write(const fs::path& key) { std::ofstream(root_ / key) << "x"; }
  // Every event up to now has been handled when this file's is.
  void Flush() {
    const std::string key = "flush" + std::to_string(++flushes_);
    Write(key);
    ASSERT_TRUE(hints_.WaitFor(key));
  }

  const fs::path base_ = fs::temp_directory_path() / ("rtl-test-" + NewUuid());
  const fs::path root_ = base_ / "in";
  Told hints_;
  Told notices_;
  std::unique_ptr<DirectoryWatch> watch_;
  int flushes_ = 0;
};

TEST_F(DirectoryWatchTest, WrittenMovedAndDeletedFilesAreHinted) {
  Write("old");
  fs::create_directory(root_ / "sub");
  Write("sub/old");
  Open();
  Write("sub/new");
  EXPECT_TRUE(hints_.WaitFor("sub/new"));
  fs::rename(root_ / "old", root_ / "moved");
  EXPECT_TRUE(hints_.WaitFor("old"));
  EXPECT_TRUE(hints_.WaitFor("moved"));
  EXPECT_THAT(hints_.Texts(), Not(Contains("sub/old")));
  fs::remove(root_ / "sub/old");
  EXPECT_TRUE(hints_.WaitFor("sub/old"));
  EXPECT_THAT(hints_.Texts(), Not(Contains("")));
}

TEST_F(DirectoryWatchTest, AFileIsHintedWhenItIsClosedNotWhenItIsMade) {
  Open();
  std::ofstream file(root_ / "slow");
  file << "half" << std::flush;
  Flush();
  EXPECT_THAT(hints_.Texts(), Not(Contains("slow")));
  file.close();
  EXPECT_TRUE(hints_.WaitFor("slow"));
}

TEST_F(DirectoryWatchTest, LinksAreHintedAtOnce) {
  Write("target");
  Open();
  fs::create_symlink("target", root_ / "soft");
  fs::create_hard_link(root_ / "target", root_ / "hard");
  EXPECT_TRUE(hints_.WaitFor("soft"));
  EXPECT_TRUE(hints_.WaitFor("hard"));
}

TEST_F(DirectoryWatchTest, FoldersThatComeLaterAreWatchedAndTheirContentIsHinted) {
  Open();
  fs::create_directories(root_ / "a/b/c");
  Write("a/b/c/at-once");
  EXPECT_TRUE(hints_.WaitFor("a/b/c/at-once"));
  Write("a/b/c/later");
  EXPECT_TRUE(hints_.WaitFor("a/b/c/later"));

  fs::create_directories(base_ / "outside/deep");
  std::ofstream(base_ / "outside/deep/file") << "x";
  fs::rename(base_ / "outside", root_ / "moved-in");
  EXPECT_TRUE(hints_.WaitFor("moved-in/deep/file"));
  Write("moved-in/deep/new");
  EXPECT_TRUE(hints_.WaitFor("moved-in/deep/new"));
}

TEST_F(DirectoryWatchTest, ALargeFolderMovedInIsOneHintToList) {
  Open();
  fs::create_directory(base_ / "large");
  for (int i = 0; i < 1100; ++i) std::ofstream(base_ / "large" / std::to_string(i)) << "x";
  fs::rename(base_ / "large", root_ / "large");
  EXPECT_TRUE(hints_.WaitFor(""));
  EXPECT_THAT(hints_.Texts(), Not(Contains("large/1")));
}

TEST_F(DirectoryWatchTest, ARenamedFolderIsFollowedUnderItsNewName) {
  fs::create_directories(root_ / "old/deep");
  Write("old/deep/file");
  Open();
  fs::rename(root_ / "old", root_ / "new");
  EXPECT_TRUE(hints_.WaitFor(""));
  EXPECT_TRUE(hints_.WaitFor("new/deep/file"));
  Write("new/deep/later");
  EXPECT_TRUE(hints_.WaitFor("new/deep/later"));
  EXPECT_THAT(hints_.Texts(), Not(Contains("old/deep/later")));
}

TEST_F(DirectoryWatchTest, AFolderMovedAwayIsWatchedNoMore) {
  fs::create_directories(root_ / "sub");
  Open();
  fs::rename(root_ / "sub", base_ / "away");
  EXPECT_TRUE(hints_.WaitFor(""));
  std::ofstream(base_ / "away/file") << "x";
  Flush();
  EXPECT_THAT(hints_.Texts(), Not(Contains("sub/file")));
}

TEST_F(DirectoryWatchTest, IgnoredNamesGiveNoHints) {
  fs::create_directories(root_ / "_there");
  Open();
  Write(".hidden");
  Write("_there/file");
  fs::create_directory(root_ / ".git");
  Write(".git/file");
  fs::rename(root_ / ".hidden", root_ / "seen");
  Flush();
  EXPECT_THAT(hints_.Texts(), ::testing::ElementsAre("seen", "flush1"));
}

TEST_F(DirectoryWatchTest, ALinkToAFolderIsNotFollowed) {
  fs::create_directory(base_ / "elsewhere");
  Open();
  fs::create_directory_symlink(base_ / "elsewhere", root_ / "link");
  Flush();
  std::ofstream(base_ / "elsewhere/file") << "x";
  Flush();
  EXPECT_THAT(hints_.Texts(), Not(Contains("link/file")));
}

TEST_F(DirectoryWatchTest, ALostRootIsToldAndItsReturnToo) {
  Open();
  fs::rename(root_, base_ / "away");
  EXPECT_TRUE(hints_.WaitFor("", 1));
  ASSERT_TRUE(notices_.WaitForAny());
  EXPECT_THAT(notices_.Texts().front(), HasSubstr(root_.native()));
  std::ofstream(base_ / "away/file") << "x";
  fs::create_directories(root_ / "sub");
  EXPECT_TRUE(hints_.WaitFor("", 2));
  Write("sub/again");
  EXPECT_TRUE(hints_.WaitFor("sub/again"));
  EXPECT_THAT(hints_.Texts(), Not(Contains("file")));
}

TEST_F(DirectoryWatchTest, LostEventsAreAHintToListAndNoFolderIsForgotten) {
  std::size_t limit = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> limit;
  if (limit == 0 || limit > 100'000) GTEST_SKIP() << "the event queue is too long to fill: " << limit;
  // The first hint is held back until the queue has run over and a folder was made unseen.
  std::mutex gate;
  std::unique_lock closed(gate);
  auto watch = DirectoryWatch::Open(root_, [&](std::string key) {
    {
      const std::lock_guard wait(gate);
    }
    hints_.Add(std::move(key));
  });
  ASSERT_TRUE(watch);
  Write("first");
  // Each rename is two events; the watch may have taken one buffer full of them out of the queue.
  for (std::size_t i = 0; i < limit / 2 + 4096; ++i) {
    fs::rename(root_ / (i % 2 == 0 ? "first" : "second"), root_ / (i % 2 == 0 ? "second" : "first"));
  }
  fs::create_directory(root_ / "unseen");
  closed.unlock();
  EXPECT_TRUE(hints_.WaitFor(""));
  Write("unseen/file");
  EXPECT_TRUE(hints_.WaitFor("unseen/file"));
}

TEST_F(DirectoryWatchTest, OnlyAFolderCanBeWatched) {
  const auto ignore = [](const std::string&) {};
  EXPECT_EQ(DirectoryWatch::Open(base_ / "nothing", ignore).error().kind(), ErrorKind::kNotFound);
  std::ofstream(base_ / "file") << "x";
  EXPECT_EQ(DirectoryWatch::Open(base_ / "file", ignore).error().kind(), ErrorKind::kNotFound);
}

TEST_F(DirectoryWatchTest, StopsWhileEventsFlow) {
  for (int round = 0; round < 20; ++round) {
    Open();
    std::jthread writer([&] {
      for (int i = 0; i < 50; ++i) Write("f");
    });
    watch_.reset();
    const auto told = hints_.Texts().size();
    writer.join();
    EXPECT_EQ(hints_.Texts().size(), told) << "a hint after the end";
  }
}

// In a child with a user namespace of its own, whose limit of watches is `limit`: the child's exit code.
constexpr int kCannotLimit = 77;
template <typename Body>
int InProcessWithWatchLimit(int limit, Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER) != 0) ::_exit(kCannotLimit);
    const int fd = ::open("/proc/sys/user/max_inotify_watches", O_WRONLY | O_CLOEXEC);
    const std::string text = std::to_string(limit);
    if (fd < 0 || ::write(fd, text.data(), text.size()) < 0) ::_exit(kCannotLimit);
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(DirectoryWatchTest, WithoutWatchesLeftItSaysSoAndWatchesTheRest) {
  for (const char* folder : {"a", "b", "c", "d"}) fs::create_directory(root_ / folder);
  const int code = InProcessWithWatchLimit(3, [&] {
    Open();
    if (!watch_) return 1;
    const auto notices = notices_.Texts();
    if (notices.size() != 1 || notices[0].find("2 folder(s)") == std::string::npos ||
        notices[0].find("max_user_watches") == std::string::npos) {
      return 2;
    }
    Write("file");
    if (!hints_.WaitFor("file")) return 3;
    fs::create_directory(root_ / "e");
    Write("after");
    if (!hints_.WaitFor("after")) return 4;
    if (notices_.Texts().size() != 2) return 5;
    watch_.reset();
    return 0;
  });
  if (code == kCannotLimit)
    GTEST_SKIP() << "no user namespaces here, in which inotify's limit could be lowered";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace rtl::discover
