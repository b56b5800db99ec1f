#include "store/local_version.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "store/link_outcome.h"
#include "store/object_key.h"
#include "store/posix_file.h"

namespace rtl::store {
namespace {

struct stat Inode(std::int64_t mtime_ns, std::int64_t ctime_ns) {
  struct stat inode{};
  inode.st_size = 7;
  inode.st_ino = 12;
  inode.st_mtim = {.tv_sec = mtime_ns / 1'000'000'000, .tv_nsec = mtime_ns % 1'000'000'000};
  inode.st_ctim = {.tv_sec = ctime_ns / 1'000'000'000, .tv_nsec = ctime_ns % 1'000'000'000};
  return inode;
}

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(LocalVersion, EveryPartIsInTheEtag) {
  const Timestamp now = FromMicros(100'000'000);
  const auto etag = [&](const struct stat& inode) { return LocalInfo("k", inode, now).version.etag; };
  struct stat inode = Inode(5 * kSecond, 6 * kSecond);
  const std::string base = etag(inode);
  EXPECT_EQ(base, "7-c-12a05f200-165a0bc00");
  EXPECT_NE(etag(Inode(5 * kSecond + 1, 6 * kSecond)), base);
  EXPECT_NE(etag(Inode(5 * kSecond, 6 * kSecond + 1)), base);
  inode.st_size = 8;
  EXPECT_NE(etag(inode), base);
  inode.st_size = 7;
  inode.st_ino = 13;
  EXPECT_NE(etag(inode), base);
}

TEST(LocalVersion, SettledFromTwoSecondsAfterTheChange) {
  const auto settled = [](std::int64_t mtime_s, std::int64_t ctime_s, std::int64_t now_us) {
    return LocalInfo("k", Inode(mtime_s * kSecond, ctime_s * kSecond), FromMicros(now_us)).version.settled;
  };
  EXPECT_FALSE(settled(10, 10, 11'999'999));
  EXPECT_TRUE(settled(10, 10, 12'000'000));
  EXPECT_FALSE(settled(1, 10, 11'000'000));    // ctime is the later
  EXPECT_FALSE(settled(10, 1, 11'000'000));    // a file system without a real ctime
  EXPECT_TRUE(settled(500, 10, 13'000'000));   // mtime set by hand
  EXPECT_FALSE(settled(10, 500, 13'000'000));  // a file server whose clock is ahead
}

TEST(LinkOutcome, OnlyDoubtIsUnknown) {
  EXPECT_EQ(JudgeLink(0, 2), LinkOutcome::kCreated);
  EXPECT_EQ(JudgeLink(EEXIST, 1), LinkOutcome::kExists);
  EXPECT_EQ(JudgeLink(EEXIST, 2), LinkOutcome::kCreated);  // our own link, its reply lost
  EXPECT_EQ(JudgeLink(EEXIST, 0), LinkOutcome::kUnknown);
  EXPECT_EQ(JudgeLink(EIO, 1), LinkOutcome::kUnknown);
  EXPECT_EQ(JudgeLink(EIO, 2), LinkOutcome::kCreated);
  EXPECT_EQ(JudgeLink(ESTALE, 1), LinkOutcome::kUnknown);
  EXPECT_EQ(JudgeLink(ENOSPC, 1), LinkOutcome::kNotDone);
  EXPECT_EQ(JudgeLink(ENOSPC, 0), LinkOutcome::kUnknown);
  EXPECT_EQ(JudgeLink(EPERM, 1), LinkOutcome::kNotDone);
}

TEST(ErrnoError, KindsSayWhatToDo) {
  EXPECT_EQ(ErrnoError(EACCES, "read", "/x").kind(), ErrorKind::kPermissionDenied);
  EXPECT_EQ(ErrnoError(EROFS, "write", "/x").kind(), ErrorKind::kPermissionDenied);
  EXPECT_EQ(ErrnoError(ENOSPC, "write", "/x").kind(), ErrorKind::kResourceExhausted);
  EXPECT_EQ(ErrnoError(EDQUOT, "write", "/x").kind(), ErrorKind::kResourceExhausted);
  EXPECT_EQ(ErrnoError(EMFILE, "read", "/x").kind(), ErrorKind::kResourceExhausted);
  EXPECT_EQ(ErrnoError(ENOENT, "read", "/x").kind(), ErrorKind::kNotFound);
  EXPECT_EQ(ErrnoError(EIO, "read", "/x").kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(ErrnoError(EIO, "read", "/x\ny").message(), "cannot read /x\\x0ay: Input/output error");
}

TEST(ObjectKey, DotsInsideNamesAreFine) {
  for (const char* key : {"a", "...", "a..b", ".a", "a/...", "a//b", "a/"}) EXPECT_TRUE(CheckKey(key)) << key;
  for (const char* key : {"", "/", "/a", ".", "..", "a/..", "a/./b", "../a", "a/../"}) {
    EXPECT_FALSE(CheckKey(key)) << key;
  }
}

}  // namespace
}  // namespace rtl::store
