#include "delta/deletion_vector_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/uuid.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

Result<std::string> PathOf(char storage_type, std::string path_or_inline) {
  DeletionVectorDescriptor descriptor;
  descriptor.storage_type = storage_type;
  descriptor.path_or_inline = std::move(path_or_inline);
  return DeletionVectorPath(descriptor);
}

TEST(DeletionVectorPathTest, TheProtocolsExamples) {
  EXPECT_EQ(*PathOf('u', "ab^-aqEH.-t@S}K{vb[*k^"),
            "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin");
  EXPECT_EQ(*PathOf('u', "^-aqEH.-t@S}K{vb[*k^"), "deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin");
  EXPECT_EQ(*PathOf('p', "s3://mytable/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"),
            "s3://mytable/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin");
}

TEST(DeletionVectorPathTest, AbsolutePathsAreDecoded) {
  EXPECT_EQ(*PathOf('p', "file:/a%20b/c%25d.bin"), "file:/a b/c%d.bin");
}

TEST(DeletionVectorPathTest, NewNamesAreReadBack) {
  for (const std::string prefix : {"", "x7", "AB"}) {
    const std::string uuid = NewUuid();
    const auto path = PathOf('u', EncodedDeletionVectorPath(prefix, uuid));
    ASSERT_TRUE(path) << path.error().message();
    EXPECT_EQ(*path, DeletionVectorPath(prefix, uuid));
    EXPECT_THAT(*path, HasSubstr(uuid));
  }
}

TEST(DeletionVectorPathTest, OthersAreErrors) {
  const auto expect = [](char storage_type, const std::string& path, ErrorKind kind, std::string_view why) {
    const auto found = PathOf(storage_type, path);
    ASSERT_FALSE(found) << *found;
    EXPECT_EQ(found.error().kind(), kind);
    EXPECT_THAT(found.error().message(), HasSubstr(why));
  };
  const std::string uuid = "^-aqEH.-t@S}K{vb[*k^";
  expect('u', uuid.substr(1), ErrorKind::kBadData, "names no UUID");
  expect('u', "", ErrorKind::kBadData, "names no UUID");
  expect('u', " " + uuid.substr(1), ErrorKind::kBadData, "none of Z85's");
  for (const std::string prefix : {"..", "a/../..", "/etc", "s3:/", "file:"}) {
    expect('u', prefix + uuid, ErrorKind::kBadData, "leads out of the table's folder");
  }
  expect('p', "a/b.bin", ErrorKind::kBadData, "not absolute");
  expect('i', uuid, ErrorKind::kBadData, "in no file");
  expect('x', uuid, ErrorKind::kUnsupported, "storage type x");
  expect('\0', uuid, ErrorKind::kUnsupported, "storage type \\x00");
}

}  // namespace
}  // namespace rtl::delta
