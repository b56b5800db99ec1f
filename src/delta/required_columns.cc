#include "delta/required_columns.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "delta/json_fields.h"
#include "delta/table_features.h"

namespace rtl::delta {
namespace {

constexpr std::string_view kInvariants = "delta.invariants";

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, Lower, Lower);
}

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// Takes the word off the end of `text`, with the space before it.
bool DropLastWord(std::string_view& text, std::string_view word) {
  text = Trim(text);
  if (text.size() <= word.size()) return false;
  const std::size_t at = text.size() - word.size();
  if (!EqualsIgnoringCase(text.substr(at), word)) return false;
  if (!std::string_view(" \t\r\n`").contains(text[at - 1])) return false;
  text.remove_suffix(word.size());
  return true;
}

// `x IS NOT NULL`, `X` in back quotes or not, about this very column.
bool SaysNotNull(std::string_view expression, std::string_view column) {
  for (const std::string_view word : {"null", "not", "is"}) {
    if (!DropLastWord(expression, word)) return false;
  }
  std::string_view name = Trim(expression);
  if (name.size() > 2 && name.starts_with('`') && name.ends_with('`')) name = name.substr(1, name.size() - 2);
  return EqualsIgnoringCase(name, column);
}

Result<std::optional<std::string>> InvariantOf(const Field& field) {
  const auto unreadable = [&] {
    return Fail(ErrorKind::kBadData,
                fmt::format("column {}: its {} cannot be read: {}", field.name, kInvariants, field.metadata));
  };
  simdjson::dom::parser outer;
  JsonObject metadata;
  const simdjson::padded_string text(field.metadata);
  if (outer.parse(text).get(metadata) != simdjson::SUCCESS) return unreadable();
  RTL_TRY(const auto rule, FindString(metadata, kInvariants));
  if (!rule) return std::optional<std::string>();
  simdjson::dom::parser inner;
  const simdjson::padded_string rule_text(*rule);
  std::string_view expression;
  if (inner.parse(rule_text)["expression"]["expression"].get(expression) != simdjson::SUCCESS) {
    return unreadable();
  }
  return std::optional<std::string>(expression);
}

std::unexpected<Error> Refuse(const Field& field, std::string_view what) {
  return Fail(
      ErrorKind::kUnsupported,
      fmt::format("this table cannot be written: table feature invariants is evaluated only as \"x IS "
                  "NOT NULL\" of a top-level column, and column {} has {}",
                  field.name, what));
}

}  // namespace

Result<std::vector<std::string>> RequiredColumns(const Protocol& protocol, const Metadata& metadata) {
  std::vector<std::string> required;
  const bool has_invariants = IsActive(protocol, metadata, "invariants");
  for (const Field& field : metadata.schema.fields) {
    bool is_required = !field.nullable;
    if (has_invariants && field.metadata.contains(kInvariants)) {
      RTL_TRY(const auto expression, InvariantOf(field));
      if (expression && !SaysNotNull(*expression, field.name)) {
        return Refuse(field, fmt::format("\"{}\"", *expression));
      }
      is_required = is_required || expression.has_value();
    }
    if (has_invariants && field.type.contains(kInvariants)) return Refuse(field, "one on a nested column");
    if (is_required) required.push_back(field.name);
  }
  return required;
}

}  // namespace rtl::delta
