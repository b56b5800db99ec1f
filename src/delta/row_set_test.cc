#include "delta/row_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtl::delta {
namespace {

using testing::ElementsAre;

TEST(RowSet, WithoutGivesWhatIsLeft) {
  const RowSet set({{2, 3}, {10, 1}, {4, 2}});
  EXPECT_THAT(set.ranges(), ElementsAre(RowRange{2, 4}, RowRange{10, 1}));
  EXPECT_THAT(set.Without(0, 12), ElementsAre(RowRange{0, 2}, RowRange{6, 4}, RowRange{11, 1}));
  EXPECT_THAT(set.Without(3, 2), ElementsAre());
  EXPECT_THAT(set.Without(5, 3), ElementsAre(RowRange{6, 2}));
  EXPECT_TRUE(set.Contains(5));
  EXPECT_FALSE(set.Contains(6));
}

}  // namespace
}  // namespace rtl::delta
