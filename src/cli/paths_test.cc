#include "cli/paths.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace rtl::cli {
namespace {
namespace fs = std::filesystem;

class Paths : public testing::Test {
 protected:
  Paths() {
    std::string name = (fs::temp_directory_path() / "rtl-paths-XXXXXX").string();
    root_ = fs::canonical(mkdtemp(name.data()));
    fs::create_directories(root_ / "in/sub");
    fs::create_directories(root_ / "tables");
  }
  ~Paths() override { fs::remove_all(root_); }

  std::string At(const std::string& path) const { return (root_ / path).string(); }
  std::string Refusal(const std::string& source, const std::string& tables) const {
    const auto folders = ResolveFolders(source, tables, {});
    if (folders) return "accepted";
    EXPECT_EQ(folders.error().kind(), ErrorKind::kBadConfig);
    return folders.error().message();
  }

  fs::path root_;
};

TEST_F(Paths, ResolvesLinksDotsAndFinalSlashes) {
  fs::create_directory_symlink(root_ / "in", root_ / "link");
  const auto folders = ResolveFolders(At("link/"), At("in/../tables/new/"), {});
  ASSERT_TRUE(folders.has_value()) << folders.error().message();
  EXPECT_EQ(folders->source, At("in"));
  EXPECT_EQ(folders->tables, At("tables/new"));
}

TEST_F(Paths, TablesInsideTheSourceAreRefused) {
  fs::create_directory_symlink(root_ / "in", root_ / "link");
  for (const char* tables : {"in", "in/", "in/sub", "in/new/deeper", "link/tables", "tables/../in/x"}) {
    EXPECT_NE(Refusal(At("in"), At(tables)).find("lies inside the source"), std::string::npos) << tables;
  }
  EXPECT_EQ(Refusal(At("in"), At("in-tables")), "accepted");  // a name that only begins alike
}

TEST_F(Paths, ASourceInsideATableIsRefusedBesideTablesItIsNot) {
  fs::create_directories(root_ / "tables/customer_data_raw/x");
  fs::create_directories(root_ / "tables/in");
  EXPECT_NE(Refusal(At("tables/customer_data_raw"), At("tables")).find("lies inside the table"),
            std::string::npos);
  EXPECT_NE(Refusal(At("tables/customer_data_raw/x"), At("tables")).find("lies inside the table"),
            std::string::npos);
  EXPECT_EQ(Refusal(At("tables/in"), At("tables")), "accepted");
}

TEST_F(Paths, ASourceMustBeAFolderThatIsThere) {
  std::ofstream(root_ / "file") << "x";
  EXPECT_EQ(Refusal(At("none"), At("tables")), At("none") + ": the source does not exist; check the path");
  EXPECT_EQ(Refusal(At("file"), At("tables")), At("file") + ": the source must be a folder");
  EXPECT_EQ(Refusal(At("in"), At("file")), At("file") + ": the tables' root must be a folder");
}

TEST_F(Paths, BucketsAreWrittenOneWay) {
  const auto folders = ResolveFolders("s3a://in/customers", "s3://lake", {});
  ASSERT_TRUE(folders.has_value()) << folders.error().message();
  EXPECT_EQ(folders->source, "s3://in/customers/");
  EXPECT_EQ(folders->tables, "s3://lake/");
  EXPECT_EQ(Below(folders->tables, "raw"), "s3://lake/raw");
  EXPECT_EQ(Refusal("s3://b/in", At("tables")), "accepted");
  EXPECT_EQ(Refusal(At("in"), "s3://b/tables"), "accepted");
  EXPECT_EQ(Refusal("s3://b/in", "s3://b/in-tables"), "accepted");
  EXPECT_NE(Refusal("s3://b/in", "s3://b/in/tables").find("lies inside the source"), std::string::npos);
  EXPECT_NE(Refusal("s3://b", "s3://b/tables").find("lies inside the source"), std::string::npos);
  EXPECT_NE(Refusal("s3://b/t/customer_data_raw", "s3://b/t").find("lies inside the table"),
            std::string::npos);
  EXPECT_EQ(Refusal("gs://b/in", At("tables")),
            "gs://b/in: there is no gs:// here; give a folder's path or s3://bucket/prefix/");
  EXPECT_NE(Refusal("s3://", At("tables")), "accepted");
}

TEST_F(Paths, SameOrInside) {
  EXPECT_TRUE(IsSameOrInside("/a/b", "/a/b"));
  EXPECT_TRUE(IsSameOrInside("/a/b/c", "/a/b"));
  EXPECT_FALSE(IsSameOrInside("/a/bc", "/a/b"));
  EXPECT_FALSE(IsSameOrInside("/a", "/a/b"));
  EXPECT_TRUE(IsSameOrInside("/a", "/"));
}

}  // namespace
}  // namespace rtl::cli
