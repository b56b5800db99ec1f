#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace rtl::cli {
namespace {

using testing::HasSubstr;

auto Parse(std::vector<const char*> arguments) {
  return ParseArguments(arguments, "1.2.3");
}

Invocation Accepted(std::vector<const char*> arguments) {
  auto parsed = Parse(std::move(arguments));
  if (!parsed) {
    ADD_FAILURE() << parsed.error().message();
    return {};
  }
  return std::get<Invocation>(std::move(*parsed));
}

std::string Refused(std::vector<const char*> arguments) {
  const auto parsed = Parse(std::move(arguments));
  if (parsed) return "accepted";
  EXPECT_EQ(parsed.error().kind(), ErrorKind::kBadConfig);
  EXPECT_EQ(parsed.error().message().find('\n'), std::string::npos);
  return parsed.error().message();
}

std::string Answered(std::vector<const char*> arguments) {
  const auto parsed = Parse(std::move(arguments));
  return parsed && std::holds_alternative<Answer>(*parsed) ? std::get<Answer>(*parsed).text : "no answer";
}

TEST(ParseArguments, SyncWithItsOptions) {
  const Invocation sync =
      Accepted({"sync", "in", "tables", "--json", "--no-raw", "--no-quarantine", "--allow-mass-delete",
                "--pattern", "(.*)", "--threads", "3", "--memory", "64MiB", "--max-rejected", "1"});
  EXPECT_EQ(sync.command, Command::kSync);
  EXPECT_TRUE(sync.json);
  EXPECT_EQ(sync.config.source, "in");
  EXPECT_EQ(sync.config.tables, "tables");
  EXPECT_FALSE(sync.config.load.raw);
  EXPECT_FALSE(sync.config.load.quarantine);
  EXPECT_TRUE(sync.config.load.guard.allow_mass_delete);
  EXPECT_EQ(sync.config.load.source_pattern, "(.*)");
  EXPECT_EQ(sync.config.load.threads, 3);
  EXPECT_EQ(sync.config.load.memory_bytes, 64 << 20);
  EXPECT_EQ(sync.config.load.guard.max_rejected, 1.0);
}

TEST(ParseArguments, TheOtherCommands) {
  EXPECT_EQ(Accepted({"watch", "a", "b"}).command, Command::kWatch);
  EXPECT_EQ(Accepted({"plan", "a", "b"}).command, Command::kPlan);
  EXPECT_EQ(Accepted({"status", "a", "b"}).command, Command::kStatus);
  EXPECT_FALSE(Accepted({"verify", "a", "b"}).fast);
  EXPECT_TRUE(Accepted({"verify", "a", "b", "--fast"}).fast);
  const Invocation show = Accepted({"show", "t", "--limit", "5", "--at", "0", "--columns", "a,b"});
  EXPECT_EQ(show.command, Command::kShow);
  EXPECT_EQ(show.table, "t");
  EXPECT_EQ(show.limit, 5);
  EXPECT_EQ(show.at, 0);
  EXPECT_EQ(show.columns, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(Accepted({"show", "t", "--timestamp", "2026-01-31 12:00:00"}).at_time, "2026-01-31 12:00:00");
  const Invocation where = Accepted({"show", "t", "--version", "2", "--where", "n > 3"});
  EXPECT_EQ(where.at, 2);
  EXPECT_EQ(where.where, "n > 3");
  EXPECT_EQ(Accepted({"show", "t"}).limit, 20);
  EXPECT_EQ(Accepted({"show", "t"}).at, std::nullopt);
}

TEST(ParseArguments, UpkeepOfTables) {
  const Invocation vacuum = Accepted({"vacuum", "a", "b", "--retention", "7h", "--dry-run", "--force"});
  EXPECT_EQ(vacuum.command, Command::kVacuum);
  EXPECT_EQ(vacuum.tables_named, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(vacuum.retention, std::chrono::hours(7));
  EXPECT_TRUE(vacuum.dry_run && vacuum.force);
  EXPECT_EQ(Accepted({"optimize", "a"}).command, Command::kOptimize);
  EXPECT_EQ(Accepted({"checkpoint", "a"}).command, Command::kCheckpoint);
  EXPECT_TRUE(Accepted({"clean-log", "a", "--dry-run"}).dry_run);
  EXPECT_THAT(Refused({"optimize"}), HasSubstr("which tables?"));
  EXPECT_THAT(Refused({"vacuum", "a", "--retention", "soon"}), HasSubstr("--retention"));
  EXPECT_THAT(Refused({"optimize", "a", "--dry-run"}), HasSubstr("--dry-run"));
  EXPECT_FALSE(Accepted({"watch", "a", "b", "--no-maintenance"}).config.load.maintenance.enabled);
  EXPECT_TRUE(Accepted({"sync", "a", "b", "--maintain"}).config.load.maintenance.on_sync);
}

TEST(ParseArguments, TheCommandLineBeatsTheFile) {
  std::string name = (std::filesystem::temp_directory_path() / "rtl-arguments-XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(name.data());
  const std::string file = (folder / "rtloader.toml").string();
  std::ofstream(file) << "source.path = \"/file/in\"\ntables.root = \"/file/tables\"\nload.threads = 2\n"
                         "commit.max_files = 7\n";
  const Invocation from_file = Accepted({"sync", "--config", file.c_str()});
  EXPECT_EQ(from_file.config.source, "/file/in");
  EXPECT_EQ(from_file.config.load.threads, 2);
  const Invocation both = Accepted({"sync", "given", "-c", file.c_str(), "--threads", "9"});
  EXPECT_EQ(both.config.source, "given");
  EXPECT_EQ(both.config.tables, "/file/tables");
  EXPECT_EQ(both.config.load.threads, 9);
  EXPECT_EQ(both.config.load.commit_max_files, 7);
  std::filesystem::remove_all(folder);
}

TEST(ParseArguments, UsageErrorsSayWhatIsMeant) {
  EXPECT_EQ(Refused({}), "no command; see rtloader --help");
  EXPECT_EQ(Refused({"synk", "a", "b"}), "synk: there is no such command; did you mean sync?");
  EXPECT_EQ(Refused({"frobnicate"}), "frobnicate: there is no such command; see rtloader --help");
  EXPECT_EQ(Refused({"sync", "a", "b", "--thread", "3"}),
            "--thread: there is no such argument; did you mean --threads?");
  EXPECT_THAT(Refused({"sync", "a", "b", "c"}), HasSubstr("c: there is no such argument"));
  EXPECT_THAT(Refused({"sync", "a"}), HasSubstr("TABLES is missing"));
  EXPECT_THAT(Refused({"sync"}), HasSubstr("SOURCE is missing"));
  EXPECT_THAT(Refused({"show"}), HasSubstr("TABLE"));
  EXPECT_THAT(Refused({"show", "t", "--limit", "-1"}), HasSubstr("--limit"));
  EXPECT_THAT(Refused({"sync", "a", "b", "--memory"}), HasSubstr("--memory"));
}

TEST(ParseArguments, ValuesAreCheckedAsThoseOfTheFile) {
  EXPECT_EQ(Refused({"sync", "a", "b", "--memory", "1MiB"}), "--memory: must be at least 64MiB, not 1MiB");
  EXPECT_EQ(Refused({"sync", "a", "b", "--threads", "x"}), "--threads: must be an integer, not a string");
  EXPECT_EQ(Refused({"sync", "a", "b", "--max-rejected", "2"}), "--max-rejected: must be from 0 to 1, not 2");
  EXPECT_THAT(Refused({"sync", "a", "b", "--pattern", "x"}), HasSubstr("--pattern: "));
  EXPECT_THAT(Refused({"sync", "a", "b", "--schema", "wid TEXT"}), HasSubstr("--schema: "));
}

TEST(ParseArguments, HelpHasExamplesAndVersionIsALine) {
  EXPECT_EQ(Answered({"--version"}), "rtloader 1.2.3\n");
  for (const char* command : {"sync", "watch", "plan", "verify", "status", "show"}) {
    EXPECT_THAT(Answered({"--help"}), HasSubstr(command));
    EXPECT_THAT(Answered({command, "--help"}), HasSubstr("Examples:\n  rtloader " + std::string(command)));
    EXPECT_THAT(Answered({command, "--help"}), HasSubstr("--json"));
  }
}

}  // namespace
}  // namespace rtl::cli
