#include "load/run_info.h"

#include <gtest/gtest.h>

#include "load/ledger_entry.h"

namespace rtl::load {
namespace {

TEST(RunInfo, StandsInACommitAndReadsBack) {
  RunInfo run;
  run.id = "7c9e";
  run.host = "web-1:4711";
  run.started_at = FromMicros(1'700'000'000'000'001);
  run.requests = {{"GET", 12}, {"PUT", 7}};
  run.retries = 3;
  run.throttled = 1;
  run.bytes_sent = 1LL << 40;
  run.bytes_received = 5;
  run.events = 9;
  run.latency_p50_ms = 80;
  run.latency_p99_ms = 410;
  const std::string commit_info = ToCommitInfo({}, "txn", FromMicros(0), run);
  EXPECT_EQ(ParseRunInfo(commit_info), run);
  EXPECT_TRUE(ParseCommitInfo(commit_info).has_value());
}

TEST(RunInfo, AbsentIsAbsent) {
  EXPECT_EQ(ParseRunInfo(ToCommitInfo({}, "txn", FromMicros(0))), std::nullopt);
  EXPECT_EQ(ParseRunInfo(""), std::nullopt);
  EXPECT_EQ(ParseRunInfo(R"({"rtloader": {"run": 3}})"), std::nullopt);
}

}  // namespace
}  // namespace rtl::load
