#include "discover/notices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace rtl::discover {
namespace {

using ::testing::ElementsAre;

TEST(Notices, OneLineAMinuteOfEachTopic) {
  std::vector<std::string> said;
  Notices notices([&](std::string text) { said.push_back(std::move(text)); });
  const Notices::Time start{};
  notices.Say("a", "a1", start);
  notices.Say("a", "a2", start + std::chrono::seconds(1));
  notices.Say("b", "b1", start + std::chrono::seconds(1));
  notices.Say("a", "a3", start + std::chrono::seconds(59));
  notices.Say("a", "a4", start + std::chrono::seconds(60));
  notices.Say("a", "a5", start + std::chrono::seconds(120));
  EXPECT_THAT(said, ElementsAre("a1", "b1", "a4 (and 2 more like it)", "a5"));
}

}  // namespace
}  // namespace rtl::discover
