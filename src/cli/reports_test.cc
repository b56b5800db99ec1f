#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "cli/event_log.h"
#include "cli/reports_json.h"
#include "cli/reports_text.h"

namespace rtl::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

const Places kPlaces = {.source = "/in", .tables = "/tables", .quarantine = "/tables/quarantine"};

load::SyncReport Report() {
  load::SyncReport report;
  report.files_seen = 230;
  report.loaded = 12;
  report.replaced = 3;
  report.held = 1;
  report.up_to_date = 214;
  report.rows = 1'234'567;
  report.rejected = 60;
  report.bytes = 45'200'000;
  report.snapshot_version = 17;
  report.commits = 2;
  report.seconds = 2;
  report.problems = {{.source_file = "id-9\n\xff.txt",
                      .outcome = load::Outcome::kHeld,
                      .file_version = 3,
                      .rejected = 60,
                      .error = "60 of 100 lines are bad"}};
  return report;
}

TEST(SyncText, SaysEverything) {
  EXPECT_EQ(
      SyncText(Report(), kPlaces),
      "/in -> /tables in 2.0 s\n"
      "  files     230 seen: 12 loaded, 3 replaced, 1 held, 214 up to date\n"
      "  rows      1,234,567\n"
      "  rejected  60 lines, kept: rtloader show /tables/quarantine\n"
      "  bytes     45.2 MB, 22.6 MB/s\n"
      "  version   17 (2 commits)\n"
      "held: id-9\\n\\xff.txt (version 3): 60 of 100 lines are bad\n"
      "  -> correct the file, or accept it as it is (--max-rejected, guard.allow_empty), then sync again\n");
}

TEST(SyncText, RefusedDeletesSayWhatToDo) {
  load::SyncReport report;
  report.refused_deletes = "90 of 100 known files are gone";
  const std::string text = SyncText(report, {.source = "/in", .tables = "/tables"});
  EXPECT_THAT(text, HasSubstr("deletes refused: 90 of 100 known files are gone\n"));
  EXPECT_THAT(text, HasSubstr("--allow-mass-delete"));
  EXPECT_THAT(text, HasSubstr("nothing to do"));
  EXPECT_THAT(text, Not(HasSubstr("rejected")));
}

TEST(SyncText, LinesThatWereNotKeptAreNamed) {
  EXPECT_THAT(SyncText(Report(), {.source = "/in", .tables = "/tables"}),
              HasSubstr("60 lines, not kept: the quarantine table is off"));
}

TEST(PlanText, ListsFiles) {
  const load::PlanReport report = {
      .files = {{"a.txt", "load", 1200, ""}, {"b.txt", "failed", 0, "a.txt has the same name"}},
      .up_to_date = 5,
      .bytes = 1200};
  EXPECT_EQ(PlanText(report, kPlaces),
            "action  file     size  reason\n"
            "------  -----  ------  -----------------------\n"
            "load    a.txt  1.2 kB  -\n"
            "failed  b.txt     0 B  a.txt has the same name\n"
            "2 files to handle (1.2 kB), 5 up to date\n");
}

TEST(VerifyText, AgreementAndDifferences) {
  load::VerifyReport report = {.files = 2, .rows = 200, .fast = true, .snapshot_version = 4};
  EXPECT_EQ(VerifyText(report, kPlaces),
            "2 files and 200 rows compared (fast: by the ledger) at version 4: they agree\n");
  report.differences = {{"a.txt", "missing in the snapshot"}};
  EXPECT_THAT(VerifyText(report, kPlaces), HasSubstr("a.txt  missing in the snapshot\n"));
  EXPECT_THAT(VerifyText(report, kPlaces), HasSubstr(": 1 difference\n"));
}

TEST(StatusText, TablesThatDoNotExistAndLag) {
  const load::StatusReport report = {.source_uri = "/in",
                                     .tables = {{.name = "customer_data_snapshot",
                                                 .version = 3,
                                                 .files = 2,
                                                 .rows = 10,
                                                 .bytes = 999,
                                                 .last_commit_at = FromMicros(0)},
                                                {.name = "quarantine"}},
                                     .source_files = 2,
                                     .derivation_lag = 1,
                                     .problems = Report().problems};
  const std::string text = StatusText(report, kPlaces);
  EXPECT_THAT(
      text,
      HasSubstr("customer_data_snapshot         3           2    10  999 B         -  1970-01-01T00:00:00"));
  EXPECT_THAT(text, HasSubstr("quarantine              none yet"));
  EXPECT_THAT(text, HasSubstr("1 snapshot commit not yet in every derived table"));
  EXPECT_THAT(text, HasSubstr("held: id-9"));
}

class Json {
 public:
  explicit Json(const std::string& text) {
    const auto error = parser_.parse(text).get(root_);
    EXPECT_EQ(error, simdjson::SUCCESS) << text;
  }
  std::int64_t Int(const char* pointer) { return At(pointer).get_int64().value_unsafe(); }
  std::string Text(const char* pointer) { return std::string(At(pointer).get_string().value_unsafe()); }
  bool Bool(const char* pointer) { return At(pointer).get_bool().value_unsafe(); }
  bool IsNull(const char* pointer) { return At(pointer).is_null(); }

 private:
  simdjson::dom::element At(const char* pointer) {
    simdjson::dom::element element;
    EXPECT_EQ(root_.at_pointer(pointer).get(element), simdjson::SUCCESS) << pointer;
    return element;
  }
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

TEST(SyncJson, ReadsBack) {
  Json json(SyncJson(Report(), kPlaces));
  EXPECT_FALSE(json.Bool("/converged"));
  EXPECT_EQ(json.Int("/files_seen"), 230);
  EXPECT_EQ(json.Int("/loaded"), 12);
  EXPECT_EQ(json.Int("/rows"), 1'234'567);
  EXPECT_EQ(json.Int("/snapshot_version"), 17);
  EXPECT_EQ(json.Text("/problems/0/source_file"), "id-9\n\\xff.txt");
  EXPECT_EQ(json.Text("/problems/0/outcome"), "held");
  EXPECT_EQ(json.Text("/quarantine"), "/tables/quarantine");
  EXPECT_EQ(json.Text("/refused_deletes"), "");
}

TEST(PlanJson, ReadsBack) {
  Json json(PlanJson({.files = {{"a.txt", "load", 1200, ""}}, .up_to_date = 5, .bytes = 1200}));
  EXPECT_EQ(json.Text("/files/0/action"), "load");
  EXPECT_EQ(json.Int("/files/0/bytes"), 1200);
  EXPECT_EQ(json.Int("/up_to_date"), 5);
}

TEST(VerifyJson, ReadsBack) {
  Json json(VerifyJson({.files = 1, .differences = {{"a", "content differs"}}}));
  EXPECT_FALSE(json.Bool("/agrees"));
  EXPECT_TRUE(json.IsNull("/snapshot_version"));
  EXPECT_EQ(json.Text("/differences/0/what"), "content differs");
}

TEST(StatusJson, ReadsBack) {
  Json json(StatusJson(
      {.source_uri = "/in", .tables = {{.name = "raw", .version = 0, .absorbed = 3}, {.name = "q"}}}));
  EXPECT_EQ(json.Int("/tables/0/version"), 0);
  EXPECT_EQ(json.Int("/tables/0/absorbed"), 3);
  EXPECT_TRUE(json.IsNull("/tables/1/version"));
  EXPECT_TRUE(json.IsNull("/tables/1/last_commit_at"));
}

TEST(ErrorJson, ReadsBack) {
  Json json(ErrorJson(Error(ErrorKind::kBadConfig, "no \"\xff\"")));
  EXPECT_EQ(json.Text("/error/kind"), "bad_config");
  EXPECT_EQ(json.Text("/error/message"), "no \"\\xff\"");
}

const std::vector<load::FileReport> kCommit = {
    {.source_file = "a.txt", .outcome = load::Outcome::kLoaded, .rows = 95, .rejected = 5},
    {.source_file = "b.txt", .outcome = load::Outcome::kReplaced, .rows = 5},
    {.source_file = "c.txt", .outcome = load::Outcome::kDeleted},
    {.source_file = "d.txt", .outcome = load::Outcome::kFailed, .error = "damaged\ngzip"}};

TEST(EventLog, TextIsALineACommitAndALineAProblem) {
  std::string out;
  EventLog log(LogFormat::kText, [&](std::string_view text) { out += text; });
  log.Committed(17, kCommit);
  log.Notice("a {} b");
  EXPECT_THAT(out, testing::ContainsRegex(
                       "^[0-9-]{10}T[0-9:.]{12}Z info +commit 17: 1 loaded, 1 replaced, 1 deleted, 1 "
                       "failed; 100 rows, 5 rejected: a.txt, b.txt, c.txt, ...\n"));
  EXPECT_THAT(out, testing::ContainsRegex("warning failed d.txt: damaged\\\\ngzip\n"));
  EXPECT_THAT(out, HasSubstr("a {} b\n"));
}

TEST(EventLog, JsonIsAnObjectALine) {
  std::vector<std::string> lines;
  EventLog log(LogFormat::kJson, [&](std::string_view text) { lines.emplace_back(text); });
  log.Started("/in", "/tables");
  log.Committed(17, kCommit);
  log.Warning("slow");
  log.Stopped(Report());
  ASSERT_EQ(lines.size(), 4U);
  for (const std::string& line : lines) EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(Json(lines[0]).Text("/event"), "started");
  EXPECT_EQ(Json(lines[1]).Int("/snapshot_version"), 17);
  EXPECT_EQ(Json(lines[1]).Text("/files/3/error"), "damaged\ngzip");
  EXPECT_EQ(Json(lines[2]).Text("/level"), "warning");
  EXPECT_EQ(Json(lines[3]).Int("/report/loaded"), 12);
}

}  // namespace
}  // namespace rtl::cli
