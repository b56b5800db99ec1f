#include "decode/columns.h"

#include <fmt/format.h>

#include <array>
#include <set>

namespace rtl::decode {
namespace {

constexpr std::array<std::string_view, 4> kReserved = {"source_file", "source_version", "file_version",
                                                       "ingest_time"};

// Parquet and Delta forbid " ,;{}()=\t\n"; the other control characters no tool can be trusted with.
bool IsForbidden(char c) {
  return static_cast<unsigned char>(c) < 0x20 || std::string_view(" ,;{}()=").contains(c);
}

bool IsReserved(std::string_view name) {
  const std::string folded = FoldCase(name);
  for (const auto reserved : kReserved) {
    if (folded == reserved) return true;
  }
  return false;
}

std::string_view Trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

Result<ColumnType> ParseType(std::string_view text, std::string_view part) {
  const std::string name = FoldCase(text);
  if (name == "string") return ColumnType::kString;
  if (name == "boolean") return ColumnType::kBoolean;
  if (name == "bigint" || name == "long") return ColumnType::kBigint;
  if (name == "double") return ColumnType::kDouble;
  return Fail(ErrorKind::kBadConfig, fmt::format("column \"{}\": the type must be STRING, BOOLEAN, BIGINT or "
                                                 "DOUBLE, not \"{}\"",
                                                 part, text));
}

}  // namespace

Result<std::vector<Column>> ParsePinnedColumns(std::string_view text) {
  std::vector<Column> columns;
  std::set<std::string> seen;
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::string_view part = Trim(text.substr(0, comma));
    const std::size_t space = part.find_last_of(" \t\r\n");
    if (space == std::string_view::npos) {
      return Fail(ErrorKind::kBadConfig,
                  fmt::format("\"{}\" is not a name and a type, as in wid STRING", part));
    }
    const std::string_view name = Trim(part.substr(0, space));
    RTL_TRY(const ColumnType type, ParseType(part.substr(space + 1), part));
    if (IsReserved(name)) {
      return Fail(ErrorKind::kBadConfig,
                  fmt::format("column \"{}\": the loader has a column of that name", name));
    }
    if (ColumnNameFor(name) != name) {
      return Fail(ErrorKind::kBadConfig, fmt::format("column \"{}\": one of \" ,;{{}}()=\", tab or another "
                                                     "control character in the name",
                                                     name));
    }
    if (!seen.insert(FoldCase(name)).second) {
      return Fail(ErrorKind::kBadConfig,
                  fmt::format("column \"{}\": named twice (case does not count)", name));
    }
    columns.push_back({std::string(name), type});
    if (comma == std::string_view::npos) return columns;
    text.remove_prefix(comma + 1);
  }
}

std::string ColumnNameFor(std::string_view key) {
  if (key.empty()) return "_";
  std::string name(key);
  for (char& c : name) {
    if (IsForbidden(c)) c = '_';
  }
  if (IsReserved(name)) name.insert(name.begin(), '_');
  return name;
}

}  // namespace rtl::decode
