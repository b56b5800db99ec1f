#include "cli/stop_signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

namespace rtl::cli {
namespace {

TEST(StopSignals, TheFirstSignalRequestsTheStop) {
  const StopSignals signals;
  EXPECT_FALSE(signals.token().stop_requested());
  EXPECT_EQ(signals.signal(), 0);
  std::mutex mutex;
  std::condition_variable_any changed;
  ASSERT_EQ(kill(getpid(), SIGTERM), 0);
  std::unique_lock lock(mutex);
  changed.wait(lock, signals.token(), [] { return false; });  // returns when the stop is requested
  EXPECT_TRUE(signals.token().stop_requested());
  EXPECT_EQ(signals.signal(), SIGTERM);
}

TEST(StopSignals, EndsWithoutASignal) {
  const StopSignals signals;
  EXPECT_FALSE(signals.token().stop_requested());
}

TEST(StopSignalsDeathTest, TheSecondSignalEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const StopSignals signals;
        kill(getpid(), SIGINT);
        std::mutex mutex;
        std::condition_variable_any changed;
        std::unique_lock lock(mutex);
        changed.wait(lock, signals.token(), [] { return false; });
        kill(getpid(), SIGINT);
        while (true) pause();
      },
      testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace rtl::cli
