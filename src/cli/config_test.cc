#include "cli/config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace rtl::cli {
namespace {

// The message of what must be wrong with `text`.
std::string Wrong(std::string_view text) {
  Config config;
  const Result<> applied = ApplyToml(text, "rtloader.toml", config);
  if (applied) return "nothing is wrong";
  EXPECT_EQ(applied.error().kind(), ErrorKind::kBadConfig);
  return applied.error().message();
}

TEST(ApplyToml, SetsWhatIsGivenAndKeepsTheRest) {
  Config config;
  const Result<> applied = ApplyToml(R"(
log.format = "json"
[source]
path = "/data/in"
pattern = 'id-(\d+)\.txt'
[tables]
raw = "history"
[quarantine]
enabled = false
[guard]
max_rejected = 1
max_deleted = 0.25
[load]
memory = "64MiB"
[watch]
list_interval = "1h"
)",
                                     "/etc/rtloader.toml", config);
  ASSERT_TRUE(applied.has_value()) << applied.error().message();
  EXPECT_EQ(config.source, "/data/in");
  EXPECT_EQ(config.load.source_pattern, R"(id-(\d+)\.txt)");
  EXPECT_EQ(config.load.tables.raw, "history");
  EXPECT_EQ(config.load.tables.snapshot, "customer_data_snapshot");
  EXPECT_TRUE(config.load.raw);
  EXPECT_FALSE(config.load.quarantine);
  EXPECT_EQ(config.load.guard.max_rejected, 1);
  EXPECT_EQ(config.load.guard.max_deleted, 0.25);
  EXPECT_EQ(config.load.memory_bytes, 64 << 20);
  EXPECT_EQ(config.load.list_interval, std::chrono::hours(1));
  EXPECT_EQ(config.log_format, LogFormat::kJson);
}

TEST(ApplyToml, FoldersAreThoseBesideTheFile) {
  Config config;
  config.tables = "given/before";
  ASSERT_TRUE(ApplyToml("source.path = \"in\"", "/etc/rtl/rtloader.toml", config).has_value());
  EXPECT_EQ(config.source, "/etc/rtl/in");
  EXPECT_EQ(config.tables, "given/before");
  ASSERT_TRUE(ApplyToml("tables.root = \"s3://bucket/t\"", "/etc/rtl/rtloader.toml", config).has_value());
  EXPECT_EQ(config.tables, "s3://bucket/t");
}

TEST(ApplyToml, UnknownKeysNameTheLineAndTheNearest) {
  EXPECT_EQ(Wrong("[load]\n\nmemmory = \"64MiB\""),
            "rtloader.toml:3: load.memmory: there is no such option; did you mean load.memory?");
  EXPECT_EQ(Wrong("\n[guards]\nmax_rejected = 1"),
            "rtloader.toml:2: guards: there is no such section; did you mean guard?");
  EXPECT_EQ(
      Wrong("[load]\nlist_interval = \"1s\""),
      "rtloader.toml:2: load.list_interval: there is no such option; did you mean watch.list_interval?");
  EXPECT_EQ(Wrong("zzzzzz = 1"),
            "rtloader.toml:1: zzzzzz: there is no such option; docs/configuration.md lists them all");
  EXPECT_EQ(Wrong("[[load]]\nthreads = 1"),
            "rtloader.toml:1: load: there is no such section; did you mean load?");
}

TEST(ApplyToml, WrongTypes) {
  EXPECT_EQ(Wrong("load.threads = \"4\""), "rtloader.toml:1: load.threads: must be an integer, not a string");
  EXPECT_EQ(Wrong("raw.enabled = 1"), "rtloader.toml:1: raw.enabled: must be true or false, not an integer");
  EXPECT_EQ(Wrong("guard.max_rejected = true"),
            "rtloader.toml:1: guard.max_rejected: must be a number from 0 to 1, not a boolean");
  EXPECT_EQ(Wrong("load.memory = 5"),
            "rtloader.toml:1: load.memory: must be a size such as \"512MB\" or \"64MiB\", not an integer");
  EXPECT_EQ(Wrong("tables.raw = 1.5"), "rtloader.toml:1: tables.raw: must be a string, not a number");
  EXPECT_EQ(Wrong("tables.raw = [\"a\"]"),
            "rtloader.toml:1: tables.raw: takes one value (string), not an array");
  EXPECT_EQ(Wrong("tables.raw = 2026-01-31"),
            "rtloader.toml:1: tables.raw: takes one value (string), not a date or time");
  EXPECT_EQ(Wrong("[tables.raw]\nenabled = true"),
            "rtloader.toml:1: tables.raw: takes one value (string), not a table");
  EXPECT_EQ(Wrong("load = 5"),
            "rtloader.toml:1: load: there is no such option; docs/configuration.md lists them all");
}

TEST(ApplyToml, ValuesOutOfRange) {
  EXPECT_EQ(Wrong("load.threads = -1"), "rtloader.toml:1: load.threads: must be from 0 to 1024, not -1");
  EXPECT_EQ(Wrong("guard.max_deleted = 1.5"),
            "rtloader.toml:1: guard.max_deleted: must be from 0 to 1, not 1.5");
  EXPECT_EQ(Wrong("guard.max_deleted = nan"),
            "rtloader.toml:1: guard.max_deleted: must be from 0 to 1, not nan");
  EXPECT_EQ(Wrong("load.memory = \"1MiB\""),
            "rtloader.toml:1: load.memory: must be at least 64MiB, not 1MiB");
  EXPECT_EQ(Wrong("load.memory = \"1 apple\""),
            "rtloader.toml:1: load.memory: \"1 apple\" is not a size such as \"512MB\" or \"64MiB\"");
  EXPECT_EQ(Wrong("watch.list_interval = \"10ms\""),
            "rtloader.toml:1: watch.list_interval: must be at least 100ms, not 10ms");
  EXPECT_EQ(Wrong("log.format = \"xml\""),
            "rtloader.toml:1: log.format: must be \"text\" or \"json\", not \"xml\"");
  EXPECT_EQ(Wrong("source.path = \"\""), "rtloader.toml:1: source.path: must not be empty");
  EXPECT_NE(Wrong("tables.raw = \"a/b\"").find("\"a/b\" is not a table's name"), std::string::npos);
  EXPECT_NE(Wrong("tables.raw = \"_raw\"").find("is not a table's name"), std::string::npos);
}

TEST(ApplyToml, PatternsAndSchemas) {
  EXPECT_EQ(Wrong("source.pattern = \"id-(\""), "rtloader.toml:1: source.pattern: \"id-(\": missing ): id-(");
  EXPECT_NE(
      Wrong("source.pattern = \"id\"").find("rtloader.toml:1: source.pattern: \"id\" has 0 capture groups"),
      std::string::npos);
  EXPECT_NE(Wrong("source.pattern = \"(a)(b)\"").find("has 2 capture groups"), std::string::npos);
  EXPECT_EQ(Wrong("\nrows.schema = \"wid TEXT\"").rfind("rtloader.toml:2: rows.schema: ", 0), 0U);
  Config config;
  ASSERT_TRUE(ApplyToml("rows.schema = \"wid STRING\"", "f", config).has_value());
  ASSERT_EQ(config.load.pinned_columns.size(), 1U);
  EXPECT_EQ(config.load.pinned_columns[0].name, "wid");
}

TEST(ApplyToml, WhatIsNoToml) {
  EXPECT_EQ(Wrong("[source]\npath = \n").rfind("rtloader.toml:2: not TOML: ", 0), 0U);
  EXPECT_EQ(Wrong("a = 1\na = 2").rfind("rtloader.toml:2: not TOML: ", 0), 0U);
}

TEST(ReadConfigFile, NamesAFileThatCannotBeRead) {
  Config config;
  const Result<> missing = ReadConfigFile("/nonexistent/rtloader.toml", config);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().message(),
            "/nonexistent/rtloader.toml: cannot read this configuration file: No such file or directory");
  const Result<> folder = ReadConfigFile("/tmp", config);
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().message(), "/tmp: is a folder, not a configuration file");
}

TEST(CheckConfig, TableNamesMustDiffer) {
  Config config;
  EXPECT_TRUE(CheckConfig(config).has_value());
  config.load.tables.quarantine = config.load.tables.raw;
  const Result<> checked = CheckConfig(config);
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(
      checked.error().message(),
      "tables.raw and tables.quarantine are both \"customer_data_raw\": every table needs its own name");
}

}  // namespace
}  // namespace rtl::cli
