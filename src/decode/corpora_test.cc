// The decoder against public corpora of odd JSON, read in place.
#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "decode/line_source.h"
#include "decode/ndjson.h"

namespace rtl::decode {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> Corpus(const char* folder) {
  const char* root = std::getenv("RTLOADER_CORPORA");
  const std::vector<fs::path> places = root != nullptr ? std::vector<fs::path>{root} : [] {
    std::vector<fs::path> found;
    for (fs::path at = RTLOADER_SOURCE_DIR; at != at.parent_path(); at = at.parent_path()) {
      found.push_back(at / "shared" / "data");
    }
    return found;
  }();
  for (const fs::path& place : places) {
    if (fs::is_directory(place / folder)) return place / folder;
  }
  return std::nullopt;
}

std::string Contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> Files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// {"v": <document>} on one line; nullopt where the document cannot stand on one line.
std::optional<std::string> AsLine(std::string document, bool valid) {
  if (document.ends_with('\n')) document.pop_back();
  if (valid) std::ranges::replace(document, '\n', ' ');  // white space, since strings cannot hold it
  if (document.contains('\n')) return std::nullopt;
  return "{\"v\":" + document + "}\n";
}

TEST(JsonSuite, EveryDocumentAsAValue) {
  const auto folder = Corpus("json_suite");
  if (!folder) GTEST_SKIP() << "no json_suite: set RTLOADER_CORPORA";
  // What the standard leaves open: kept as text are numbers of any size, lone surrogates (as escapes, in a
  // payload) and deep nesting; rejected is what is no UTF-8.
  const auto kept_when_open = [](std::string_view name) {
    for (const std::string_view part :
         {"UTF", "utf", "iso_latin_1", "overlong", "not_in_unicode_range", "truncated"}) {
      if (name.contains(part)) return false;
    }
    return true;
  };
  int judged = 0;
  for (const fs::path& path : Files(*folder / "test_parsing")) {
    const std::string name = path.filename();
    const std::string document = Contents(path);
    const auto line = AsLine(document, name.starts_with("y_"));
    if (!line) continue;
    const auto slice = DecodeNdjson(*line, {});
    ASSERT_TRUE(slice.has_value()) << name;
    EXPECT_EQ(slice->lines, 1) << name;
    EXPECT_EQ(slice->row_count + static_cast<std::int64_t>(slice->rejects.size()), 1) << name;
    const bool right = name.starts_with("y_") || (name.starts_with("i_") && kept_when_open(name));
    EXPECT_EQ(slice->row_count == 1, right)
        << name << ": " << (slice->rejects.empty() ? "taken" : slice->rejects[0].reason);
    ++judged;
  }
  EXPECT_GT(judged, 250);
}

std::string Summary(const std::string& bytes, std::int64_t slice_bytes) {
  LineSource source(
      [&, at = std::size_t{0}]() mutable -> Result<std::string> {
        std::string piece = bytes.substr(at, 4096);
        at += piece.size();
        return piece;
      },
      {.slice_bytes = slice_bytes});
  std::int64_t lines = 0, rows = 0, rejects = 0, blank = 0, newlines = 0;
  bool open = false;  // the last line has no '\n'
  for (;;) {
    auto slice = source.Next();
    if (!slice) return "error: " + slice.error().message();
    if (!*slice) break;
    const std::string& text = (*slice)->bytes;
    newlines += std::count(text.begin(), text.end(), '\n');
    open = text.back() != '\n';
    const auto decoded = DecodeNdjson(text, {});
    if (!decoded) return "error: " + decoded.error().message();
    if (decoded->rows && !decoded->rows->ValidateFull().ok()) return "invalid batch";
    lines += decoded->lines;
    rows += decoded->row_count;
    blank += decoded->blank_lines;
    rejects += static_cast<std::int64_t>(decoded->rejects.size());
    for (const auto& reject : decoded->rejects) {
      const auto at = static_cast<std::size_t>(reject.byte_offset);
      if (text.compare(at, reject.bytes.size(), reject.bytes) != 0)
        return "a reject's bytes are not the line's";
    }
  }
  EXPECT_EQ(lines, newlines + (open ? 1 : 0));
  EXPECT_EQ(lines, rows + rejects + blank);
  return std::to_string(lines) + " lines, " + std::to_string(rows) + " rows, " + std::to_string(blank) +
         " blank";
}

TEST(JsonCorpora, EveryLineIsAccountedFor) {
  int files = 0;
  for (const char* name : {"json_duckdb", "json_suite"}) {
    const auto folder = Corpus(name);
    if (!folder) GTEST_SKIP() << "no " << name << ": set RTLOADER_CORPORA";
    for (const fs::path& path : Files(*folder)) {
      const std::string bytes = Contents(path);
      const std::string whole = Summary(bytes, 4 << 20);
      EXPECT_EQ(whole, Summary(bytes, 1)) << path;
      if (path.extension() == ".gz") {
        EXPECT_FALSE(whole.starts_with("error")) << path << whole;
      }
      ++files;
    }
  }
  EXPECT_GT(files, 300);
}

}  // namespace
}  // namespace rtl::decode
