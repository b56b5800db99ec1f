// The decoder against a slow reader of another make, on random lines, whole and damaged.
#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "decode/ndjson.h"

namespace rtl::decode {
namespace {

using namespace std::string_view_literals;

class LineMaker {
 public:
  explicit LineMaker(unsigned seed) : random_(seed) {}

  std::string Row() {
    std::string out = Space() + "{";
    const int members = Below(6);
    for (int i = 0; i < members; ++i) {
      if (i > 0) out += "," + Space();
      out += "\"" + std::string(1, static_cast<char>('a' + (Below(8) == 0 ? Below(5) : i))) + "\"" + Space() +
             ":" + Space() + Value(0) + Space();
    }
    return out + "}" + Space();
  }

  std::string Line() {
    static const std::vector<std::string> kOdd = {"",  " ",          "\t\r", "null",  "[",
                                                  "]", "{\"a\":1},", "{",    "\"x\"", "\xC3"};
    if (Below(8) == 0) return kOdd[static_cast<std::size_t>(Below(static_cast<int>(kOdd.size())))];
    std::string row = Row();
    if (Below(3) != 0) return row;
    for (int edits = 1 + Below(2); edits > 0 && !row.empty(); --edits) {
      static constexpr std::string_view kBytes = "{}[]\",:\\0123456789.-+eEtfnu/ \t\r\x01\x80\xC3\xA9xX\0"sv;
      const auto at = static_cast<std::size_t>(Below(static_cast<int>(row.size())));
      const char byte = kBytes[static_cast<std::size_t>(Below(static_cast<int>(kBytes.size())))];
      switch (Below(3)) {
        case 0:
          row[at] = byte;
          break;
        case 1:
          row.erase(at, static_cast<std::size_t>(1 + Below(3)));
          break;
        default:
          row.insert(at, 1, byte);
      }
    }
    return row;
  }

  int Below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

 private:
  std::string Space() { return Below(6) == 0 ? std::string(static_cast<std::size_t>(Below(3)), ' ') : ""; }

  std::string String() {
    static const std::vector<std::string> kParts = {"a",
                                                    "Z",
                                                    " ",
                                                    "é",
                                                    "日本",
                                                    "😀",
                                                    "\\n",
                                                    "\\\"",
                                                    "\\\\",
                                                    "\\u00e9",
                                                    "\\ud83d\\ude00",
                                                    "{",
                                                    "]",
                                                    ",",
                                                    ":",
                                                    "long enough for a vector load"};
    std::string out = "\"";
    for (int n = Below(6); n > 0; --n)
      out += kParts[static_cast<std::size_t>(Below(static_cast<int>(kParts.size())))];
    return out + "\"";
  }

  std::string Value(int depth) {
    static const std::vector<std::string> kScalars = {"0",
                                                      "-0",
                                                      "1.50",
                                                      "1E5",
                                                      "-12e-3",
                                                      "true",
                                                      "false",
                                                      "null",
                                                      "123456789012345678901234567890",
                                                      "1e400",
                                                      "9223372036854775808"};
    switch (Below(depth > 3 ? 2 : 4)) {
      case 0:
        return kScalars[static_cast<std::size_t>(Below(static_cast<int>(kScalars.size())))];
      case 1:
        return String();
      case 2: {
        std::string out = "[" + Space();
        for (int i = 0, n = Below(4); i < n; ++i)
          out += (i > 0 ? "," : "") + Space() + Value(depth + 1) + Space();
        return out + "]";
      }
      default: {
        std::string out = "{" + Space();
        for (int i = 0, n = Below(4); i < n; ++i) {
          out +=
              (i > 0 ? "," : "") + Space() + String() + Space() + ":" + Space() + Value(depth + 1) + Space();
        }
        return out + "}";
      }
    }
  }

  std::mt19937 random_;
};

enum class Verdict { kBlank, kRow, kReject, kUndecided };

// simdjson's tree parser refuses numbers beyond 64 bits and lone surrogates, which are kept here: undecided.
Verdict Judge(simdjson::dom::parser& parser, const std::string& line) {
  if (line.find_first_not_of(" \t\r") == std::string::npos) return Verdict::kBlank;
  simdjson::dom::object object;
  const auto error = parser.parse(line).get_object().get(object);
  if (error == simdjson::SUCCESS) return Verdict::kRow;
  const bool limits = error == simdjson::NUMBER_ERROR || error == simdjson::BIGINT_ERROR ||
                      (error == simdjson::STRING_ERROR && line.contains("\\u"));
  return limits ? Verdict::kUndecided : Verdict::kReject;
}

// The columns of a row by the tree parser; nested values as compact JSON.
std::map<std::string, std::string> Reference(simdjson::dom::parser& parser, const std::string& line) {
  std::map<std::string, std::string> row;
  simdjson::dom::object object;
  EXPECT_EQ(parser.parse(line).get_object().get(object), simdjson::SUCCESS);
  for (const auto field : object) {
    std::string_view text;
    if (field.value.get_string().get(text) == simdjson::SUCCESS) {
      row[std::string(field.key)] = std::string(text);
    } else {
      row[std::string(field.key)] = simdjson::minify(field.value);
    }
  }
  return row;
}

class Columns {
 public:
  explicit Columns(const DecodedSlice& slice) : slice_(slice) {}

  std::optional<std::string> At(const std::string& name, std::int64_t row) const {
    const auto array = slice_.rows->GetColumnByName(name);
    if (!array || array->IsNull(row)) return std::nullopt;
    return static_cast<const arrow::StringArray&>(*array).GetString(row);
  }

 private:
  const DecodedSlice& slice_;
};

TEST(NdjsonProperty, AgreesWithATreeParserOnRandomLines) {
  LineMaker make(20260131);
  simdjson::dom::parser parser;
  std::map<Verdict, int> seen;
  for (int file = 0; file < 1500; ++file) {
    std::vector<std::string> lines(static_cast<std::size_t>(1 + make.Below(12)));
    std::string text;
    for (auto& line : lines) {
      line = make.Line();
      text += line + "\n";
    }
    const bool open = make.Below(2) == 0 && !lines.back().empty();
    if (open) text.pop_back();
    const auto slice = DecodeNdjson(text, {});
    ASSERT_TRUE(slice.has_value());
    ASSERT_EQ(slice->lines, static_cast<std::int64_t>(lines.size()));
    ASSERT_EQ(slice->lines,
              slice->row_count + slice->blank_lines + static_cast<std::int64_t>(slice->rejects.size()));

    std::map<std::int64_t, const RejectedLine*> rejects;
    for (const auto& reject : slice->rejects) rejects[reject.line_number] = &reject;
    const Columns columns(*slice);
    std::int64_t row = 0, blank = 0, offset = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string& line = lines[i];
      const Verdict verdict = Judge(parser, line);
      ++seen[verdict];
      const auto reject = rejects.find(static_cast<std::int64_t>(i) + 1);
      if (reject != rejects.end()) {
        // Control characters are forbidden by neither grammar in keys, but names may collide: "\x01" is '_'.
        ASSERT_TRUE(verdict == Verdict::kReject || verdict == Verdict::kUndecided ||
                    reject->second->reason.contains("are both column"))
            << line << "\n"
            << reject->second->reason;
        ASSERT_EQ(reject->second->byte_offset, offset);
        ASSERT_EQ(reject->second->bytes, line.ends_with('\r') ? line.substr(0, line.size() - 1) : line);
      } else if (verdict == Verdict::kBlank) {
        ++blank;
      } else {
        ASSERT_NE(verdict, Verdict::kReject) << line;
        if (verdict == Verdict::kRow) {
          for (const auto& [key, expected] : Reference(parser, line)) {
            if (key.size() != 1 || key[0] < 'a' || key[0] > 'e') continue;  // a damaged key, perhaps renamed
            const auto actual = columns.At(key, row);
            if (expected == "null" && !actual) continue;
            ASSERT_TRUE(actual.has_value()) << line << key;
            if (*actual == expected) continue;
            simdjson::dom::parser again;  // not byte for byte compact: compare what it says
            simdjson::dom::element element;
            ASSERT_EQ(again.parse(*actual).get(element), simdjson::SUCCESS) << line << "\n" << *actual;
            ASSERT_EQ(simdjson::minify(element), expected) << line;
            ASSERT_TRUE(line.contains(*actual)) << line;
          }
        }
        ++row;
      }
      offset += static_cast<std::int64_t>(line.size()) + 1;
    }
    ASSERT_EQ(row, slice->row_count);
    ASSERT_EQ(blank, slice->blank_lines);
  }
  for (const Verdict verdict : {Verdict::kBlank, Verdict::kRow, Verdict::kReject, Verdict::kUndecided}) {
    EXPECT_GT(seen[verdict], 100) << static_cast<int>(verdict);
  }
}

// What a file's rows and rejects are, wherever it is cut. A key that is new in both parts may be spelt by
// either's case.
std::string Render(const std::vector<DecodedSlice>& slices, const std::vector<std::int64_t>& offsets) {
  std::string out;
  std::int64_t lines = 0;
  std::string rejects;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    const DecodedSlice& slice = slices[i];
    for (std::int64_t row = 0; row < slice.row_count; ++row) {
      std::map<std::string, std::string> values;
      for (int c = 0; c < slice.rows->num_columns(); ++c) {
        const auto& array = static_cast<const arrow::StringArray&>(*slice.rows->column(c));
        if (!array.IsNull(row)) values[FoldCase(slice.rows->column_name(c))] = array.GetString(row);
      }
      for (const auto& [name, value] : values) out += name + "=" + value + ";";
      out += "\n";
    }
    for (const auto& reject : slice.rejects) {
      rejects += std::to_string(lines + reject.line_number) + "@" +
                 std::to_string(offsets[i] + reject.byte_offset) + " " + reject.reason + " " + reject.bytes +
                 "\n";
    }
    lines += slice.lines;
  }
  return out + rejects + std::to_string(lines);
}

TEST(NdjsonProperty, CutsAtLineEndsChangeNothing) {
  LineMaker make(7);
  for (int file = 0; file < 100; ++file) {
    std::string text;
    for (int i = 0; i < 12; ++i) text += make.Line() + "\n";
    const auto whole = DecodeNdjson(text, {});
    ASSERT_TRUE(whole.has_value());
    std::vector<DecodedSlice> one;
    one.push_back(*whole);
    const std::string expected = Render(one, {0});
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
      if (text[cut] != '\n') continue;
      std::vector<DecodedSlice> two;
      for (const std::string& part : {text.substr(0, cut + 1), text.substr(cut + 1)}) {
        auto slice = DecodeNdjson(part, {});
        ASSERT_TRUE(slice.has_value());
        two.push_back(std::move(*slice));
      }
      ASSERT_EQ(Render(two, {0, static_cast<std::int64_t>(cut) + 1}), expected);
    }
  }
}

// A string's bytes lie anywhere relative to vector loads and to the end of what may be read.
TEST(NdjsonProperty, EveryAlignmentAndEveryTruncation) {
  const std::string line =
      R"({"key":"0123456789abcdef\u0041é","b":[1,{"c":"\"0123456789abcdef0123456789"}]})";
  for (std::size_t pad = 0; pad < 40; ++pad) {
    const std::string text = std::string(pad, ' ') + line;
    for (const char* end : {"", "\n", "\n{}"}) {
      const std::string all = text + end;
      const auto slice = DecodeNdjson(all, {});
      ASSERT_TRUE(slice.has_value());
      EXPECT_TRUE(slice->rejects.empty());
      EXPECT_EQ(Columns(*slice).At("key", 0), "0123456789abcdefAé");
    }
  }
  for (std::size_t size = 1; size < line.size(); ++size) {
    // On the heap, exactly so long: a read beyond it is seen by the address sanitizer.
    const std::vector<char> cut(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(size));
    const auto slice = DecodeNdjson({cut.data(), cut.size()}, {});
    ASSERT_TRUE(slice.has_value());
    EXPECT_EQ(slice->rejects.size(), 1u) << size;
  }
}

}  // namespace
}  // namespace rtl::decode
