#include "cli/grace_period.h"

#include <gtest/gtest.h>

namespace rtl::cli {
namespace {

using std::chrono::milliseconds;

TEST(GracePeriod, IsOverAWhileAfterTheStop) {
  std::stop_source asked;
  const GracePeriod grace(asked.get_token(), milliseconds(20));
  EXPECT_FALSE(grace.over().stop_requested());
  asked.request_stop();
  EXPECT_FALSE(grace.over().stop_requested());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!grace.over().stop_requested() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(2));
  }
  EXPECT_TRUE(grace.over().stop_requested());
}

TEST(GracePeriod, EndsWithoutAStopAndWithinIt) {
  std::stop_source asked;
  {
    const GracePeriod never(asked.get_token(), milliseconds(1'000'000));
  }
  asked.request_stop();
  const GracePeriod cut_short(asked.get_token(), milliseconds(1'000'000));
  EXPECT_FALSE(cut_short.over().stop_requested());
}

}  // namespace
}  // namespace rtl::cli
