#include "cli/config_schema.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace rtl::cli {
namespace {

std::string ReadProjectFile(const std::string& name) {
  const std::filesystem::path root = std::filesystem::path(RTLOADER_SOURCE_DIR);
  std::ifstream in(root / name);
  EXPECT_TRUE(in.is_open()) << root / name;
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(OptionSpecs, EveryOptionIsDocumentedWithItsTypeAndDefaultAndNoOther) {
  const std::string docs = ReadProjectFile("docs/configuration.md");
  for (const OptionSpec& spec : OptionSpecs()) {
    const std::string row = fmt::format("\n| `{}` | {} | `{}` | ", spec.key, spec.type, spec.show(Config{}));
    EXPECT_NE(docs.find(row), std::string::npos) << "docs/configuration.md lacks: " << row;
  }
  const std::regex row_start("\n\\| `([a-z0-9_]+\\.[a-z0-9_]+)` \\|");
  std::size_t rows = 0;
  for (std::sregex_iterator at(docs.begin(), docs.end(), row_start), end; at != end; ++at, ++rows) {
    EXPECT_NE(FindOption((*at)[1].str()), nullptr) << "documented, but unknown: " << (*at)[1];
  }
  EXPECT_EQ(rows, OptionSpecs().size());
}

TEST(OptionSpecs, TheExampleFileHoldsEveryOptionWithItsDefault) {
  std::string text = ReadProjectFile("examples/rtloader.toml");
  std::set<std::string> keys;
  std::string section;
  const std::regex line("(?:^|\n)(?:\\[([a-z0-9_]+)\\]|(?:# )?([a-z_]+) = )");
  for (std::sregex_iterator at(text.begin(), text.end(), line), end; at != end; ++at) {
    if ((*at)[1].matched) section = (*at)[1];
    if ((*at)[2].matched) keys.insert(section + "." + (*at)[2].str());
  }
  EXPECT_EQ(keys.size(), OptionSpecs().size());
  for (const OptionSpec& spec : OptionSpecs()) EXPECT_TRUE(keys.contains(std::string(spec.key))) << spec.key;

  // Uncommented it means what an empty file means.
  text = std::regex_replace(text, std::regex("\n# ([a-z_]+ = )"), "\n$1");
  Config config;
  const Result<> applied = ApplyToml(text, "examples/rtloader.toml", config);
  ASSERT_TRUE(applied.has_value()) << applied.error().message();
  for (const OptionSpec& spec : OptionSpecs()) {
    if (spec.type != "folder") {
      EXPECT_EQ(spec.show(config), spec.show(Config{})) << spec.key;
    }
  }
}

TEST(OptionSpecs, EveryDefaultReadsBack) {
  for (const OptionSpec& spec : OptionSpecs()) {
    if (spec.type == "folder") continue;
    Config config;
    const Result<> applied = ApplyToml(fmt::format("{} = {}", spec.key, spec.show(Config{})), "f", config);
    ASSERT_TRUE(applied.has_value()) << applied.error().message();
    EXPECT_EQ(spec.show(config), spec.show(Config{})) << spec.key;
  }
}

TEST(Nearest, OnlyWhatIsNear) {
  EXPECT_EQ(NearestOption("load.thread"), "load.threads");
  EXPECT_EQ(NearestOption("laod.memory"), "load.memory");
  EXPECT_EQ(NearestOption("something.else"), "");
  EXPECT_EQ(NearestSection("watches"), "watch");
  EXPECT_EQ(Nearest("snyc", {"sync", "watch"}), "sync");
  EXPECT_EQ(Nearest("snkc", {"sync", "watch"}), "");  // two letters of four
  EXPECT_EQ(Nearest("synk", {"sync", "watch"}), "sync");
}

}  // namespace
}  // namespace rtl::cli
