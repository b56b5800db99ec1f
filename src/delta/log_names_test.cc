#include "delta/log_names.h"

#include <gtest/gtest.h>

namespace rtl::delta {
namespace {

TEST(LogNames, Commit) {
  const auto name = ParseLogFileName("00000000000000000012.json");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->kind, LogFileKind::kCommit);
  EXPECT_EQ(name->version, 12);
  EXPECT_EQ(CommitName(12), "00000000000000000012.json");
}

TEST(LogNames, Checkpoints) {
  EXPECT_EQ(ParseLogFileName("00000000000000000012.checkpoint.parquet")->kind,
            LogFileKind::kClassicCheckpoint);
  EXPECT_EQ(CheckpointName(12), "00000000000000000012.checkpoint.parquet");
  const auto part = ParseLogFileName("00000000000000000012.checkpoint.0000000002.0000000003.parquet");
  ASSERT_TRUE(part);
  EXPECT_EQ(part->kind, LogFileKind::kCheckpointPart);
  EXPECT_EQ(part->part, 2);
  EXPECT_EQ(part->parts, 3);
  const std::string uuid = "80a083e8-7026-4e79-81be-64bd76c43a11";
  const auto json = ParseLogFileName("00000000000000000012.checkpoint." + uuid + ".json");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->kind, LogFileKind::kUuidCheckpoint);
  EXPECT_TRUE(json->is_json);
  const auto parquet = ParseLogFileName(UuidCheckpointName(12, uuid));
  ASSERT_TRUE(parquet);
  EXPECT_EQ(parquet->kind, LogFileKind::kUuidCheckpoint);
  EXPECT_FALSE(parquet->is_json);
}

TEST(LogNames, Compactions) {
  const auto name = ParseCompactionName("00000000000000000004.00000000000000000006.compacted.json");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->first, 4);
  EXPECT_EQ(name->last, 6);
  for (const auto* other :
       {"00000000000000000004.00000000000000000004.compacted.json",
        "00000000000000000006.00000000000000000004.compacted.json",
        "00000000000000000004.0000000000000000006.compacted.json", "00000000000000000004.json",
        "00000000000000000004.99999999999999999999.compacted.json", "4.6.compacted.json"}) {
    EXPECT_FALSE(ParseCompactionName(other)) << other;
  }
}

TEST(LogNames, Checksums) {
  EXPECT_EQ(ParseChecksumName(ChecksumName(7)), 7);
  EXPECT_EQ(ParseChecksumName("00000000000000000007.crc"), 7);
  EXPECT_FALSE(ParseChecksumName(".00000000000000000007.json.crc"));
  EXPECT_FALSE(ParseChecksumName("0000000000000000007.crc"));
}

TEST(LogNames, WhateverElseIsIgnored) {
  for (const auto* name :
       {"_last_checkpoint", "00000000000000000000.crc", ".00000000000000000000.json.crc", "0.json",
        "00000000000000000004.00000000000000000006.compacted.json", "99999999999999999999.json",
        "0000000000000000000a.json", "00000000000000000000.json.tmp",
        "00000000000000000012.checkpoint.0000000004.0000000003.parquet",
        "00000000000000000012.checkpoint.0000000000.0000000003.parquet", "00000000000000000000.",
        "-0000000000000000001.json"}) {
    EXPECT_FALSE(ParseLogFileName(name)) << name;
  }
}

}  // namespace
}  // namespace rtl::delta
