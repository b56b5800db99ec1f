#include "cli/run_telemetry.h"

#include <gtest/gtest.h>

namespace rtl::cli {
namespace {

using std::chrono::milliseconds;

TEST(LatencyHistogram, PercentilesAreRightToATenth) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.PercentileMs(0.5), std::nullopt);
  for (int i = 1; i <= 1000; ++i) histogram.Add(milliseconds(i));
  EXPECT_NEAR(static_cast<double>(*histogram.PercentileMs(0.5)), 500, 55);
  EXPECT_NEAR(static_cast<double>(*histogram.PercentileMs(0.99)), 990, 105);
  EXPECT_LE(*histogram.PercentileMs(0), 1);
}

TEST(LatencyHistogram, OddDurationsAreCountedToo) {
  LatencyHistogram histogram;
  histogram.Add(milliseconds(-5));  // a clock ahead of ours
  histogram.Add(milliseconds(0));
  histogram.Add(milliseconds(std::int64_t{1} << 60));
  EXPECT_EQ(histogram.count(), 3);
  EXPECT_EQ(histogram.PercentileMs(0.3), 1);
  EXPECT_GT(*histogram.PercentileMs(1), 100'000'000);
}

TEST(RunTelemetry, TellsRequestsAndEvents) {
  RunTelemetry telemetry([] {
    aws::RequestCounters::Totals totals;
    totals.requests["GET"] = 4;
    totals.retries = 1;
    return totals;
  });
  telemetry.EventHandled(SystemClock().Now() - milliseconds(100));
  telemetry.EventHandled(std::nullopt);
  const load::RunInfo run = telemetry.Now();
  EXPECT_EQ(run.requests.at("GET"), 4);
  EXPECT_EQ(run.retries, 1);
  EXPECT_EQ(run.events, 2);
  EXPECT_GE(*run.latency_p50_ms, 90);
  EXPECT_FALSE(run.id.empty());
}

}  // namespace
}  // namespace rtl::cli
