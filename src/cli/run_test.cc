// The commands from arguments to exit code, over a loader that does as it is told.
#include "cli/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

namespace rtl::cli {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// Never asked for anything here.
class NoStore : public store::ObjectStore {
 public:
  Result<store::Object> Get(std::string_view, const store::GetOptions&) override { return Nothing(); }
  Result<store::ObjectInfo> Head(std::string_view) override { return Nothing(); }
  Result<> Put(std::string_view, std::string_view) override { return Nothing(); }
  Result<store::PutIfAbsentOutcome> PutIfAbsent(std::string_view, std::string_view) override {
    return Nothing();
  }
  Result<std::unique_ptr<store::ObjectLister>> List(std::string_view, std::string_view) override {
    return Nothing();
  }
  Result<> Delete(std::string_view) override { return Nothing(); }
  std::string Uri() const override { return "none:"; }

 private:
  static std::unexpected<Error> Nothing() { return Fail(ErrorKind::kInternal, "no store"); }
};

struct Script {
  Result<load::SyncReport> sync = load::SyncReport{};
  Result<load::VerifyReport> verify = load::VerifyReport{};
  load::Options options;  // what the loader was opened with
  load::RunBounds bounds;
  bool created = false;
  std::vector<std::string> hints;
};

class ScriptedLoader : public load::Loader {
 public:
  ScriptedLoader(Script& script, load::Observer* observer) : script_(script), observer_(observer) {}
  Result<load::SyncReport> Sync(std::stop_token, const load::RunBounds& bounds) override {
    script_.bounds = bounds;
    observer_->OnPlanned(1, 10);
    observer_->OnNotice("a notice");
    observer_->OnFileDone({.source_file = "a.txt"});
    return script_.sync;
  }
  Result<load::SyncReport> Watch(std::stop_token) override {
    observer_->OnCommitted(5, {{.source_file = "a.txt", .rows = 3}});
    return script_.sync;
  }
  void Hint(std::string key, HintDone) override { script_.hints.push_back(std::move(key)); }
  Result<load::KeysReport> LoadKeys(const std::vector<std::string>& keys, std::stop_token) override {
    load::KeysReport report;
    for (const std::string& key : keys) report.keys.push_back({.key = key, .handled = true});
    return report;
  }
  Result<load::SyncReport> Repair(const load::VerifyReport&, std::stop_token) override {
    script_.verify->differences.clear();
    return load::SyncReport{};
  }
  Result<load::RepackReport> ConvertLayout(load::Layout, std::stop_token) override {
    return load::RepackReport{.version = 7, .files_before = 3, .files_after = 1};
  }
  Result<load::RepackReport> Compact(std::stop_token) override { return load::RepackReport{}; }
  Result<load::PlanReport> Plan() override { return load::PlanReport{.up_to_date = 4}; }
  Result<load::VerifyReport> Verify(bool, std::stop_token) override { return script_.verify; }
  Result<load::StatusReport> Status() override { return load::StatusReport{.source_uri = "/in"}; }

 private:
  Script& script_;
  load::Observer* observer_;
};

class Program : public testing::Test {
 protected:
  Program() {
    std::string name = (fs::temp_directory_path() / "rtl-run-XXXXXX").string();
    root_ = fs::canonical(mkdtemp(name.data()));
    fs::create_directory(root_ / "in");
    in_ = (root_ / "in").string();
    tables_ = (root_ / "tables").string();
    environment_.version = "1.2.3";
    environment_.out.write = [this](std::string_view text) { out_ += text; };
    environment_.err.write = [this](std::string_view text) { err_ += text; };
    environment_.stop_signal = [this] { return signal_; };
    environment_.open_store = [](const std::string&, bool,
                                 const S3Settings&) -> Result<std::unique_ptr<store::ObjectStore>> {
      return std::make_unique<NoStore>();
    };
    environment_.open_loader = [this](store::ObjectStore&, store::ObjectStore&, load::Options options,
                                      load::Observer* observer,
                                      bool create) -> Result<std::unique_ptr<load::Loader>> {
      script_.options = std::move(options);
      script_.created = create;
      return std::make_unique<ScriptedLoader>(script_, observer);
    };
    environment_.watch_folder =
        [](const std::string&, const std::function<void(std::string)>& on_hint,
           const std::function<void(std::string)>& on_notice) -> Result<std::shared_ptr<void>> {
      on_hint("a.txt");
      on_notice("d/ is not watched");
      return std::make_shared<int>(0);
    };
  }
  ~Program() override { fs::remove_all(root_); }

  int Run(std::vector<const char*> arguments) {
    out_.clear();
    err_.clear();
    return cli::Run(arguments, environment_);
  }
  int RunOn(const char* command, std::vector<const char*> more = {}) {
    std::vector<const char*> arguments = {command, in_.c_str(), tables_.c_str()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }

  fs::path root_;
  std::string in_, tables_, out_, err_;
  int signal_ = 0;
  Script script_;
  Environment environment_;
};

TEST_F(Program, SyncConverged) {
  EXPECT_EQ(RunOn("sync"), 0);
  EXPECT_THAT(out_, StartsWith(in_ + " -> " + tables_));
  EXPECT_THAT(err_, HasSubstr("a notice\n"));
  EXPECT_TRUE(script_.created);
  EXPECT_EQ(script_.options.source_uri, in_);
}

TEST_F(Program, SyncWithProblemsIsThree) {
  script_.sync->problems = {{.source_file = "a.txt", .outcome = load::Outcome::kHeld, .error = "bad"}};
  EXPECT_EQ(RunOn("sync"), 3);
  EXPECT_THAT(out_, HasSubstr("held: a.txt: bad\n"));
  script_.sync = load::SyncReport{.refused_deletes = "90 of 100"};
  EXPECT_EQ(RunOn("sync", {"--json"}), 3);
  EXPECT_THAT(out_, HasSubstr("\"refused_deletes\":\"90 of 100\"}\n"));
}

TEST_F(Program, ErrorsAreOneLineAndAnObject) {
  script_.sync = Fail(ErrorKind::kUnavailable, "disk\ngone");
  EXPECT_EQ(RunOn("sync"), 1);
  EXPECT_THAT(err_,
              EndsWith("rtloader: error: disk\\ngone; nothing is half done: run the same command again\n"));
  EXPECT_EQ(out_, "");
  EXPECT_EQ(RunOn("sync", {"--json"}), 1);
  EXPECT_EQ(out_, "{\"error\":{\"kind\":\"unavailable\",\"message\":\"disk\\ngone\"}}\n");
}

TEST_F(Program, UsageErrorsAreTwo) {
  EXPECT_EQ(Run({"sync", "--json"}), 2);
  EXPECT_THAT(out_, StartsWith("{\"error\":{\"kind\":\"bad_config\",\"message\":\"SOURCE is missing"));
  EXPECT_EQ(Run({"sync", "/nonexistent/in", tables_.c_str()}), 2);
  EXPECT_EQ(err_, "rtloader: error: /nonexistent/in: the source does not exist; check the path\n");
  EXPECT_FALSE(fs::exists(tables_));
}

TEST_F(Program, AStopBySignalSaysSo) {
  script_.sync = Fail(ErrorKind::kCancelled, "stopped");
  signal_ = SIGINT;
  EXPECT_EQ(RunOn("sync"), 130);
  signal_ = SIGTERM;
  EXPECT_EQ(RunOn("sync"), 143);
  EXPECT_THAT(err_, EndsWith("run the same command again to go on\n"));
}

TEST_F(Program, WatchLogsCommitsAndEndsWell) {
  EXPECT_EQ(RunOn("watch"), 0);
  EXPECT_EQ(script_.hints, std::vector<std::string>{"a.txt"});
  EXPECT_THAT(err_, HasSubstr("warning d/ is not watched\n"));
  EXPECT_THAT(err_, HasSubstr("commit 5: 1 loaded; 3 rows: a.txt\n"));
  EXPECT_EQ(out_, "");
  signal_ = SIGTERM;
  script_.sync = Fail(ErrorKind::kCancelled, "stopped");
  EXPECT_EQ(RunOn("watch", {"--json"}), 0);
  EXPECT_THAT(out_, HasSubstr("\"event\":\"commit\",\"snapshot_version\":5,"));
  EXPECT_EQ(err_, "");
  script_.sync = Fail(ErrorKind::kPermissionDenied, "no");
  EXPECT_EQ(RunOn("watch"), 1);
}

TEST_F(Program, WatchGoesOnWithoutNotices) {
  environment_.watch_folder = [](const std::string&, const std::function<void(std::string)>&,
                                 const std::function<void(std::string)>&) {
    return Result<std::shared_ptr<void>>(Fail(ErrorKind::kResourceExhausted, "too many watches"));
  };
  EXPECT_EQ(RunOn("watch"), 0);
  EXPECT_THAT(
      err_, HasSubstr("warning changes are seen by listing only (watch.list_interval): too many watches\n"));
}

TEST_F(Program, VerifyWithDifferencesIsFour) {
  EXPECT_EQ(RunOn("verify"), 2);  // no tables yet
  EXPECT_THAT(err_, HasSubstr("there are no tables yet"));
  fs::create_directory(tables_);
  EXPECT_EQ(RunOn("verify"), 0);
  EXPECT_FALSE(script_.created);
  script_.verify->differences = {{"a.txt", "content differs"}};
  EXPECT_EQ(RunOn("verify"), 4);
  EXPECT_EQ(RunOn("verify", {"--json"}), 4);
}

TEST_F(Program, PlanAndStatus) {
  EXPECT_EQ(RunOn("plan"), 0);  // before there are tables
  EXPECT_FALSE(fs::exists(tables_));
  EXPECT_EQ(out_, "0 files to handle (0 B), 4 up to date\n");
  EXPECT_EQ(RunOn("status"), 2);
  fs::create_directory(tables_);
  EXPECT_EQ(RunOn("status", {"--json"}), 0);
  EXPECT_THAT(out_, StartsWith("{\"source_uri\":\"/in\""));
}

TEST_F(Program, ShowNamesTheTablesOfAFolderThatIsNone) {
  fs::create_directories(root_ / "tables/quarantine/_delta_log");
  fs::create_directories(root_ / "tables/file_log/_delta_log");
  EXPECT_EQ(Run({"show", tables_.c_str()}), 2);
  EXPECT_EQ(err_, "rtloader: error: " + tables_ +
                      ": is not a table (it has no _delta_log); tables in it: file_log, quarantine\n");
  EXPECT_EQ(Run({"show", "/nonexistent/t"}), 2);
}

TEST_F(Program, ATerminalGetsABarThatGoesAway) {
  environment_.err.width = 80;
  EXPECT_EQ(RunOn("sync"), 0);
  EXPECT_EQ(err_.find("commit"), std::string::npos);
  const bool drawn = err_.find('\r') != std::string::npos;
  EXPECT_TRUE(!drawn || err_.ends_with("\r\033[K")) << err_;
}

TEST_F(Program, Version) {
  EXPECT_EQ(Run({"--version"}), 0);
  EXPECT_EQ(out_, "rtloader 1.2.3\n");
}

}  // namespace
}  // namespace rtl::cli
