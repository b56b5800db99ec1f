#include "delta/predicate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "delta/ascii_case.h"
#include "delta/file_columns.h"
#include "delta/time_text.h"

namespace rtl::delta {
namespace {

// The index of `name` among things that have a name, -1 when there is none.
template <typename Named>
std::ptrdiff_t FindNamed(const std::vector<Named>& named, std::string_view name) {
  auto found = std::ranges::find(named, name, &Named::name);
  if (found == named.end()) {
    found = std::ranges::find_if(named, [&](const Named& n) { return EqualsIgnoringCase(n.name, name); });
  }
  return found == named.end() ? -1 : found - named.begin();
}

template <typename Named>
std::string NamesOf(const std::vector<Named>& named) {
  std::string names;
  for (const Named& one : named) names += (names.empty() ? "" : ", ") + one.name;
  return names;
}

Literal Whole(std::int64_t value) {
  return ScaledNumber{.floor = value};
}

std::optional<Literal> NumberLiteral(std::string_view text, const DataType& type) {
  switch (type.kind) {
    case TypeKind::kLong:
    case TypeKind::kInteger:
    case TypeKind::kShort:
    case TypeKind::kByte:
    case TypeKind::kDecimal: {
      const auto number = ParseScaled(text, type.scale);
      return number ? std::optional<Literal>(*number) : std::nullopt;
    }
    case TypeKind::kFloat:
    case TypeKind::kDouble: {
      if (text.starts_with('+')) text.remove_prefix(1);
      double value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || end != text.data() + text.size()) return {};
      return Literal(type.kind == TypeKind::kFloat ? static_cast<float>(value) : value);
    }
    default:
      return {};
  }
}

std::optional<Literal> StringLiteral(std::string_view text, const DataType& type) {
  switch (type.kind) {
    case TypeKind::kString:
    case TypeKind::kBinary:
      return Literal(std::string(text));
    case TypeKind::kDate: {
      const auto days = ParseDate(text);
      return days ? std::optional(Whole(*days)) : std::nullopt;
    }
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampNtz: {
      const auto time = ParseTime(text);
      if (!time || (time->has_zone && type.kind == TypeKind::kTimestampNtz)) return {};
      return Whole(time->micros);
    }
    case TypeKind::kFloat:
    case TypeKind::kDouble:  // 'NaN', 'Infinity'
      return NumberLiteral(text, type);
    default:
      return {};
  }
}

std::string_view WhatFits(TypeKind kind) {
  switch (kind) {
    case TypeKind::kString:
    case TypeKind::kBinary:
      return "'text'";
    case TypeKind::kDate:
      return "'2026-01-31'";
    case TypeKind::kTimestamp:
      return "'2026-01-31 12:00:00' (UTC) or '2026-01-31T12:00:00+01:00'";
    case TypeKind::kTimestampNtz:
      return "'2026-01-31 12:00:00'";
    case TypeKind::kBoolean:
      return "true or false";
    default:
      return "a number";
  }
}

}  // namespace

Result<PredicateColumn> ResolveColumn(const TableState& state, const std::vector<std::string>& names) {
  const Metadata& metadata = state.metadata;
  RTL_TRY(const MappingMode mode, ReaderMappingModeOf(state.protocol, metadata));
  const std::string& first = names.at(0);
  const auto at = FindNamed(metadata.schema.fields, first);
  if (at < 0) {
    return Fail(ErrorKind::kNotFound, fmt::format("there is no column {}; the table has {}", first,
                                                  NamesOf(metadata.schema.fields)));
  }
  RTL_TRY(TypedField field, ParseTypedField(metadata.schema.fields[static_cast<std::size_t>(at)]));
  PredicateColumn column;
  column.is_partition =
      std::ranges::find(metadata.partition_columns, field.name) != metadata.partition_columns.end();
  for (std::size_t level = 0;; ++level) {
    column.names.push_back(field.name);
    column.names_in_log.push_back(NameInLog(field, mode));
    column.type = std::move(field.type);
    if (level + 1 == names.size()) return column;
    const std::string& name = names[level + 1];
    const bool is_struct = column.type.kind == TypeKind::kStruct;
    const auto child = is_struct ? FindNamed(column.type.children, name) : -1;
    if (child < 0) {
      return Fail(ErrorKind::kNotFound,
                  fmt::format("{} is {}{}: it has no field {}", column.names.back(),
                              is_struct ? "a struct of " : "of type ",
                              is_struct ? NamesOf(column.type.children) : ToString(column.type), name));
    }
    TypedField next = std::move(column.type.children[static_cast<std::size_t>(child)]);
    field = std::move(next);
  }
}

Result<Literal> ParseLiteral(std::string_view text, LiteralForm form, const DataType& type) {
  std::optional<Literal> literal;
  if (form == LiteralForm::kNumber) literal = NumberLiteral(text, type);
  if (form == LiteralForm::kString) literal = StringLiteral(text, type);
  if (form == LiteralForm::kBoolean && type.kind == TypeKind::kBoolean)
    literal = EqualsIgnoringCase(text, "true");
  if (literal) return std::move(*literal);
  if (type.is_nested() || type.kind == TypeKind::kVoid || type.kind == TypeKind::kVariant) {
    return Fail(ErrorKind::kBadData,
                fmt::format("a column of type {} can be tested for NULL only", ToString(type)));
  }
  return Fail(ErrorKind::kBadData,
              fmt::format("a column of type {} is compared with {}", ToString(type), WhatFits(type.kind)));
}

Predicate Compare(PredicateColumn column, Comparison comparison, Literal literal) {
  return {.kind = Predicate::Kind::kCompare,
          .column = std::move(column),
          .comparison = comparison,
          .literal = std::move(literal)};
}

Predicate And(std::vector<Predicate> predicates) {
  return {.kind = Predicate::Kind::kAnd, .children = std::move(predicates)};
}

std::vector<std::string> ColumnsOf(const Predicate& predicate) {
  if (!predicate.column.names.empty()) return {predicate.column.names.front()};
  std::vector<std::string> columns;
  for (const Predicate& child : predicate.children) {
    for (std::string& name : ColumnsOf(child)) {
      if (std::ranges::find(columns, name) == columns.end()) columns.push_back(std::move(name));
    }
  }
  return columns;
}

}  // namespace rtl::delta
