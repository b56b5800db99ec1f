#include "delta/action_lines.h"

#include <fmt/format.h>

namespace rtl::delta {
namespace {

std::string_view Trim(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
}

}  // namespace

Result<> LineParser::ParseLine(std::string_view line,
                               const std::function<Result<>(simdjson::dom::object)>& take) {
  simdjson::dom::element root;
  // What lies behind the line is readable, so it needs no copy of its own.
  if (const auto error = parser_.parse(line.data(), line.size(), false).get(root);
      error != simdjson::SUCCESS) {
    return Fail(ErrorKind::kBadData, simdjson::error_message(error));
  }
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return Fail(ErrorKind::kBadData, "not a JSON object");
  return take(object);
}

Result<> LineParser::ForEachLine(std::string_view text,
                                 const std::function<Result<>(simdjson::dom::object)>& take) {
  while (!text.empty()) {
    ++lines_;
    const std::size_t end = text.find('\n');
    const std::string_view line = Trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.empty()) continue;
    if (const auto taken = ParseLine(line, take); !taken) {
      return Fail(taken.error().Wrap(fmt::format("line {}", lines_)));
    }
  }
  return {};
}

}  // namespace rtl::delta
