// What is particular to files; what every store does is in conformance_test.cc.
#include "store/local_store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "store/local_folder.h"
#include "store/store_under_test.h"

namespace rtl::store {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FakeClock : public Clock {
 public:
  Timestamp Now() const override { return SystemClock().Now() + ahead; }
  seconds ahead{0};
};

// Takes the rights of an ordinary user for a while, where the tests run as root, whom nothing is forbidden.
class AsOrdinaryUser {
 public:
  AsOrdinaryUser() { was_root_ = ::geteuid() == 0 && ::seteuid(65534) == 0; }
  ~AsOrdinaryUser() {
    if (was_root_ && ::seteuid(0) != 0) std::abort();
  }
  AsOrdinaryUser(const AsOrdinaryUser&) = delete;
  AsOrdinaryUser& operator=(const AsOrdinaryUser&) = delete;

 private:
  bool was_root_ = false;
};

class LocalStoreTest : public ::testing::Test {
 protected:
  ObjectStore& store() { return *store_; }

  void WriteFile(const std::string& name, std::string_view bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }
  Result<std::vector<std::string>> Keys(std::string_view prefix = {}) {
    RTL_TRY(const auto infos, ListAll(store(), prefix));
    std::vector<std::string> keys;
    for (const ObjectInfo& info : infos) keys.push_back(info.key);
    return keys;
  }

  const TempFolder folder_;
  FakeClock clock_;
  const std::unique_ptr<ObjectStore> store_ = OpenLocalStore(folder_.path(), false, clock_).value();
};

TEST_F(LocalStoreTest, AYoungFileIsUnsettledAndSettlesWithTheSameEtag) {
  WriteFile("f", "x");
  clock_.ahead = seconds(1);
  const auto young = store().Head("f")->version;
  EXPECT_FALSE(young.settled);
  EXPECT_FALSE(ListAll(store(), "")->front().version.settled);
  EXPECT_FALSE(store().Get("f")->info.version.settled);
  clock_.ahead = seconds(3);
  const auto old = store().Head("f")->version;
  EXPECT_TRUE(old.settled);
  EXPECT_TRUE(ListAll(store(), "")->front().version.settled);
  EXPECT_EQ(young.etag, old.etag);
  EXPECT_TRUE(store().Get("f", {.pin = young}));
}

TEST_F(LocalStoreTest, AnOldMtimeDoesNotMakeAYoungFileSettled) {
  WriteFile("f", "x");
  fs::last_write_time(folder_.path() / "f", fs::file_time_type::clock::now() - std::chrono::hours(24));
  EXPECT_FALSE(store().Head("f")->version.settled);
  EXPECT_LT(store().Head("f")->modified_at, clock_.Now() - std::chrono::hours(23));
}

TEST_F(LocalStoreTest, AnMtimeInTheFutureDoesNotKeepAFileUnsettled) {
  WriteFile("f", "x");
  fs::last_write_time(folder_.path() / "f", fs::file_time_type::clock::now() + std::chrono::hours(24));
  clock_.ahead = seconds(3);
  EXPECT_TRUE(store().Head("f")->version.settled);
}

TEST_F(LocalStoreTest, ARestoredMtimeStillChangesTheEtag) {
  WriteFile("f", "one");
  const auto mtime = fs::last_write_time(folder_.path() / "f");
  const auto pin = store().Head("f")->version;
  // File systems tick in milliseconds: write until ctime has moved.
  for (int i = 0; i < 10'000 && store().Head("f")->version.etag == pin.etag; ++i) {
    WriteFile("f", "two");
    fs::last_write_time(folder_.path() / "f", mtime);
  }
  EXPECT_NE(store().Head("f")->version.etag, pin.etag);
  EXPECT_EQ(store().Get("f", {.pin = pin}).error().kind(), ErrorKind::kConflict);
}

TEST_F(LocalStoreTest, TheSameContentRenamedOverIsAnotherVersion) {
  WriteFile("f", "same");
  const auto pin = store().Head("f")->version;
  WriteFile("g", "same");
  fs::rename(folder_.path() / "g", folder_.path() / "f");
  EXPECT_EQ(store().Get("f", {.pin = pin}).error().kind(), ErrorKind::kConflict);
}

TEST_F(LocalStoreTest, LinksToFilesAreFollowedLinksToFoldersAreNot) {
  const TempFolder elsewhere;
  std::ofstream(elsewhere / "target") << "far";
  WriteFile("near", "near");
  fs::create_symlink(folder_.path() / "near", folder_.path() / "to-near");
  fs::create_symlink(elsewhere / "target", folder_.path() / "to-far");
  fs::create_symlink("nowhere", folder_.path() / "broken");
  fs::create_symlink("loop", folder_.path() / "loop");
  fs::create_directory_symlink(elsewhere.path(), folder_.path() / "to-folder");

  EXPECT_THAT(*Keys(), ElementsAre("near", "to-far", "to-near"));
  EXPECT_EQ(store().Get("to-far")->bytes, "far");
  EXPECT_EQ(store().Head("to-near")->size, 4);
  for (const char* key : {"broken", "loop", "to-folder", "to-folder/target"}) {
    const bool broken =
        std::string_view(key) == "broken" || std::string_view(key) == "loop";  // the name is there
    const ErrorKind expected = broken ? ErrorKind::kUnavailable : ErrorKind::kNotFound;
    EXPECT_EQ(store().Get(key).error().kind(), expected) << key;
    EXPECT_EQ(store().Head(key).error().kind(), expected) << key;
  }
  EXPECT_THAT(*Keys("to-folder/"), IsEmpty());
  EXPECT_TRUE(store().Delete("to-folder/target"));
  EXPECT_TRUE(fs::exists(elsewhere / "target"));
  EXPECT_EQ(store().Put("to-folder/new", "x").error().kind(), ErrorKind::kBadData);
}

TEST_F(LocalStoreTest, APutOverALinkReplacesTheLinkNotItsTarget) {
  WriteFile("target", "old");
  fs::create_symlink("target", folder_.path() / "link");
  ASSERT_TRUE(store().Put("link", "new"));
  EXPECT_EQ(store().Get("target")->bytes, "old");
  EXPECT_EQ(store().Get("link")->bytes, "new");
}

TEST_F(LocalStoreTest, PipesAndSocketsAreNeitherOpenedNorListed) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX};
  const std::string path = folder_ / "socket";
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  fs::create_symlink("pipe", folder_.path() / "to-pipe");
  fs::create_symlink("/dev/zero", folder_.path() / "to-device");

  EXPECT_THAT(*Keys(), IsEmpty());
  for (const char* key : {"pipe", "socket", "to-pipe", "to-device"}) {
    // The name is there: to say "no such object" would mean that it was deleted.
    EXPECT_EQ(store().Get(key).error().kind(), ErrorKind::kUnavailable) << key;
    EXPECT_EQ(store().Head(key).error().kind(), ErrorKind::kUnavailable) << key;
    EXPECT_TRUE(store().Delete(key));
    EXPECT_EQ(store().PutIfAbsent(key, "x").error().kind(), ErrorKind::kBadData) << key;
  }
  EXPECT_TRUE(fs::exists(folder_.path() / "pipe"));
  ::close(socket);
}

TEST_F(LocalStoreTest, NoTemporaryFileStaysOrIsSeen) {
  ASSERT_TRUE(store().Put("a/f", "x"));
  ASSERT_TRUE(store().PutIfAbsent("a/g", "x"));
  ASSERT_TRUE(store().PutIfAbsent("a/g", "x"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path() / "a"), {}), 2);

  const std::string left_behind = "a/" + std::string(kTempPrefix) + "0";
  WriteFile(left_behind, "of a killed process");
  EXPECT_THAT(*Keys(), ElementsAre("a/f", "a/g"));
  EXPECT_EQ(store().Get(left_behind).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(store().Head(left_behind).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(store().Put(left_behind, "x").error().kind(), ErrorKind::kBadData);
}

TEST_F(LocalStoreTest, TemporaryFilesAreUnseenWhileOthersWrite) {
  std::atomic<bool> stop = false;
  std::jthread writer([&] {
    while (!stop) {
      if (!store().Put("f", "x")) std::abort();
    }
  });
  for (int i = 0; i < 300; ++i) {
    const auto keys = Keys();
    ASSERT_TRUE(keys) << keys.error().message();
    for (const std::string& key : *keys) EXPECT_EQ(key, "f");
  }
  stop = true;
}

TEST_F(LocalStoreTest, OtherHiddenFilesAreObjects) {
  ASSERT_TRUE(store().Put(".hidden", "x"));
  ASSERT_TRUE(store().Put("_delta_log/0.json", "x"));
  EXPECT_THAT(*Keys(), ElementsAre(".hidden", "_delta_log/0.json"));
}

TEST_F(LocalStoreTest, ANameIsAFileOrAFolder) {
  ASSERT_TRUE(store().Put("a/b", "x"));
  EXPECT_EQ(store().Put("a", "x").error().kind(), ErrorKind::kBadData);
  EXPECT_EQ(store().PutIfAbsent("a", "x").error().kind(), ErrorKind::kBadData);
  EXPECT_EQ(store().Put("a/b/c", "x").error().kind(), ErrorKind::kBadData);
  EXPECT_EQ(store().PutIfAbsent("a/b/c", "x").error().kind(), ErrorKind::kBadData);
  EXPECT_EQ(store().Put("a//c", "x").error().kind(), ErrorKind::kBadData);
  EXPECT_EQ(store().Put("a/", "x").error().kind(), ErrorKind::kBadData);
  EXPECT_TRUE(store().Delete("a"));
  EXPECT_THAT(*Keys(), ElementsAre("a/b"));
}

TEST_F(LocalStoreTest, NamesTooLongForTheFileSystem) {
  const std::string name(300, 'n');
  EXPECT_EQ(store().Put(name, "x").error().kind(), ErrorKind::kBadData);
  EXPECT_EQ(store().Head(name).error().kind(), ErrorKind::kNotFound);
  // A path longer than any one system call takes is walked step by step.
  std::string deep;
  for (int i = 0; i < 30; ++i) deep.append(200, 'd').append("/");
  ASSERT_TRUE(store().Put(deep + "f", "deep"));
  EXPECT_EQ(store().Get(deep + "f")->bytes, "deep");
  EXPECT_THAT(*Keys(), ElementsAre(deep + "f"));
}

TEST_F(LocalStoreTest, AFolderRemovedUnderneathIsMadeAgain) {
  ASSERT_TRUE(store().Put("a/b/f", "x"));
  fs::remove_all(folder_.path() / "a");
  ASSERT_TRUE(store().Put("a/b/f", "y"));
  EXPECT_EQ(store().Get("a/b/f")->bytes, "y");
}

TEST_F(LocalStoreTest, ALostRootIsNotAnEmptyOne) {
  ASSERT_TRUE(store().Put("f", "x"));
  fs::remove_all(folder_.path());
  EXPECT_EQ(Keys().error().kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(Keys("sub/").error().kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(store().Head("f").error().kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(store().Get("f").error().kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(store().Delete("f").error().kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(store().Put("f", "x").error().kind(), ErrorKind::kUnavailable);
}

TEST_F(LocalStoreTest, WhatMayNotBeReadFailsTheListingAndSaysWhat) {
  WriteFile("a", "x");
  fs::create_directory(folder_.path() / "closed");
  WriteFile("closed/f", "x");
  WriteFile("secret", "x");
  fs::permissions(folder_.path() / "closed", fs::perms::none);
  fs::permissions(folder_.path() / "secret", fs::perms::none);
  {
    const AsOrdinaryUser user;
    const auto lister = store().List("");
    ASSERT_TRUE(lister);
    for (int i = 0; i < 2; ++i) {  // asked again, it does not go on behind the closed folder
      const auto page = (*lister)->Next();
      ASSERT_FALSE(page);
      EXPECT_EQ(page.error().kind(), ErrorKind::kPermissionDenied);
      EXPECT_THAT(page.error().message(), HasSubstr(folder_ / "closed"));
      EXPECT_THAT(page.error().message(), HasSubstr("access"));
    }
    EXPECT_EQ(Keys("closed/").error().kind(), ErrorKind::kPermissionDenied);
    EXPECT_EQ(store().Head("closed/f").error().kind(), ErrorKind::kPermissionDenied);
    EXPECT_EQ(store().Get("secret").error().kind(), ErrorKind::kPermissionDenied);
    EXPECT_EQ(store().Put("closed/g", "x").error().kind(), ErrorKind::kPermissionDenied);
    EXPECT_EQ(store().PutIfAbsent("closed/g", "x").error().kind(), ErrorKind::kPermissionDenied);
    EXPECT_EQ(store().Delete("closed/f").error().kind(), ErrorKind::kPermissionDenied);
  }
  fs::permissions(folder_.path() / "closed", fs::perms::owner_all);
}

TEST_F(LocalStoreTest, LostAndFoundIsPassedOver) {
  WriteFile("m", "x");
  fs::create_directory(folder_.path() / "lost+found");
  fs::permissions(folder_.path() / "lost+found", fs::perms::none);
  {
    const AsOrdinaryUser user;
    const auto keys = Keys();
    ASSERT_TRUE(keys) << keys.error().message();
    EXPECT_THAT(*keys, ElementsAre("m"));
  }
  fs::permissions(folder_.path() / "lost+found", fs::perms::owner_all);
}

TEST_F(LocalStoreTest, TooManyOpenFilesIsExhaustion) {
  ASSERT_TRUE(store().Put("a/f", "x"));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto get = store().Get("a/f");
  const auto put = store().Put("a/f", "y");
  const auto list = Keys();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(get.error().kind(), ErrorKind::kResourceExhausted);
  EXPECT_EQ(put.error().kind(), ErrorKind::kResourceExhausted);
  EXPECT_EQ(list.error().kind(), ErrorKind::kResourceExhausted);
  EXPECT_THAT(get.error().message(), HasSubstr("ulimit"));
}

TEST_F(LocalStoreTest, AFailedPutLeavesTheOldObjectAndNoTrace) {
  ASSERT_TRUE(store().Put("f", "old"));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{.rlim_cur = 1000, .rlim_max = before.rlim_max};
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto put = store().Put("f", std::string(5000, 'n'));
  const auto put_if_absent = store().PutIfAbsent("g", std::string(5000, 'n'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(put.error().kind(), ErrorKind::kResourceExhausted);
  EXPECT_EQ(put_if_absent.error().kind(), ErrorKind::kResourceExhausted);
  EXPECT_EQ(store().Get("f")->bytes, "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);
}

// A file written in place (as `cp` over it does) changes its ctime with every write, so a read that spans one
// fails.
TEST_F(LocalStoreTest, APinnedReadOfASettledFileNeverMixesInPlaceWrites) {
  constexpr std::size_t kSize = 2'000'000 / 4096 * 4096;
  WriteFile("f", std::string(kSize, 'a'));
  const auto pin = store().Head("f")->version;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the file system's clock has ticked: settled
  std::atomic<bool> started = false;
  std::jthread writer([&] {
    const int fd = ::open((folder_ / "f").c_str(), O_WRONLY);
    const std::string chunk(4096, 'b');
    started = true;
    for (std::size_t at = 0; at < kSize; at += chunk.size()) {
      if (::pwrite(fd, chunk.data(), chunk.size(), static_cast<off_t>(at)) < 0) std::abort();
    }
    ::close(fd);
  });
  while (!started) std::this_thread::yield();
  for (;;) {
    const auto object = store().Get("f", {.pin = pin});
    if (!object) {
      EXPECT_EQ(object.error().kind(), ErrorKind::kConflict);
      break;
    }
    ASSERT_EQ(object->bytes.find('b'), std::string::npos);
  }
}

TEST(OpenLocalStore, MakesFoldersOnlyWhenAsked) {
  const TempFolder folder;
  EXPECT_EQ(OpenLocalStore(folder / "a/b", false).error().kind(), ErrorKind::kNotFound);
  const auto store = OpenLocalStore(folder / "a/b", true);
  ASSERT_TRUE(store) << store.error().message();
  EXPECT_TRUE((*store)->Put("f", "x"));
  EXPECT_TRUE(OpenLocalStore(folder / "a/b", false));
  std::ofstream(folder / "file") << "x";
  EXPECT_FALSE(OpenLocalStore(folder / "file", true));
  EXPECT_FALSE(OpenLocalStore(folder / "file/below", true));
  EXPECT_EQ(OpenLocalStore("", true).error().kind(), ErrorKind::kBadConfig);
}

TEST(OpenLocalStore, TheUriIsAbsoluteHoweverTheFolderIsWritten) {
  const TempFolder folder;
  const std::string plain = folder.path();
  EXPECT_EQ((*OpenLocalStore(plain, false))->Uri(), plain);
  EXPECT_EQ((*OpenLocalStore(plain + "/", false))->Uri(), plain);
  EXPECT_EQ((*OpenLocalStore(plain + "/./", false))->Uri(), plain);
  EXPECT_EQ((*OpenLocalStore("/", false))->Uri(), "/");
  EXPECT_EQ((*OpenLocalStore(".", false))->Uri(), fs::current_path().native());
}

}  // namespace
}  // namespace rtl::store
