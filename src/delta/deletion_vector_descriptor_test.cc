#include "delta/deletion_vector_descriptor.h"

#include <gtest/gtest.h>

namespace rtl::delta {
namespace {

TEST(DeletionVectorDescriptorTest, TheUniqueIdHasTheOffsetOnlyWhereTheLogHasIt) {
  DeletionVectorDescriptor descriptor{.path_or_inline = "ab^-aqEH.-t@S}K{vb[*k^"};
  EXPECT_EQ(descriptor.UniqueId(), "uab^-aqEH.-t@S}K{vb[*k^");
  descriptor.offset = 0;
  EXPECT_EQ(descriptor.UniqueId(), "uab^-aqEH.-t@S}K{vb[*k^@0");
  descriptor.offset = 4;
  EXPECT_EQ(descriptor.UniqueId(), "uab^-aqEH.-t@S}K{vb[*k^@4");
}

TEST(DeletionVectorDescriptorTest, EveryFieldCounts) {
  const DeletionVectorDescriptor descriptor{
      .path_or_inline = "x", .offset = 1, .size_in_bytes = 2, .cardinality = 3};
  auto other = descriptor;
  EXPECT_EQ(descriptor, other);
  other.cardinality = 4;
  EXPECT_NE(descriptor, other);
  other = descriptor;
  other.offset.reset();
  EXPECT_NE(descriptor, other);
}

}  // namespace
}  // namespace rtl::delta
