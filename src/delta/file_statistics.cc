#include "delta/file_statistics.h"

#include <simdjson.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "delta/time_text.h"

namespace rtl::delta {

// Read member by member and not into values: a decimal must not become a double on the way.
struct FileStatistics::Parsed {
  explicit Parsed(std::string_view text) : json(text) {}
  simdjson::padded_string json;
  simdjson::ondemand::parser parser;
};

namespace {

namespace ondemand = simdjson::ondemand;

struct Member {
  LiteralForm form = LiteralForm::kNumber;
  std::string text;
};

std::optional<Member> ReadMember(ondemand::value value) {
  ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return {};
  if (type == ondemand::json_type::string) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) return {};
    return Member{LiteralForm::kString, std::string(text)};
  }
  if (type != ondemand::json_type::number && type != ondemand::json_type::boolean) return {};
  std::string_view text = value.raw_json_token();
  while (!text.empty() && text.back() <= ' ') text.remove_suffix(1);
  return Member{type == ondemand::json_type::number ? LiteralForm::kNumber : LiteralForm::kBoolean,
                std::string(text)};
}

// What `group`, an object within the statistics, says of the column; the statistics themselves where `path`
// is empty.
std::optional<Member> Find(simdjson::ondemand::parser& parser, const simdjson::padded_string& json,
                           std::string_view group, const std::vector<std::string>& path) {
  ondemand::document document;
  ondemand::object object;
  ondemand::value value;
  if (parser.iterate(json).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS ||
      object.find_field_unordered(group).get(value) != simdjson::SUCCESS) {
    return {};
  }
  for (const std::string& name : path) {
    if (value.get_object().get(object) != simdjson::SUCCESS ||
        object.find_field_unordered(name).get(value) != simdjson::SUCCESS) {
      return {};
    }
  }
  return ReadMember(value);
}

std::optional<Literal> BoundOf(const std::optional<Member>& member, const DataType& type) {
  if (!member) return {};
  if (type.kind == TypeKind::kTimestamp) {
    // Which instant is meant without a zone nobody knows.
    const auto time = ParseTime(member->text);
    if (!time || !time->has_zone) return {};
  }
  auto literal = ParseLiteral(member->text, member->form, type);
  if (!literal) return {};
  return std::move(*literal);
}

// Some writers pass decimals through a double: what it cannot tell apart is added as a margin.
Int128 MarginOf(const DataType& type, Int128 bound) {
  if (type.kind != TypeKind::kDecimal || type.precision <= 15) return 0;
  return (bound < 0 ? -(bound + 1) : bound) / (Int128{1} << 50) + 1;
}

bool IsBeyondAll(Int128 bound) {
  return bound == kInt128Min || bound == kInt128Max;
}

void Lower(Literal& bound, const DataType& type) {
  auto* number = std::get_if<ScaledNumber>(&bound);
  if (number == nullptr || IsBeyondAll(number->floor)) return;
  number->floor -= MarginOf(type, number->floor);
  number->has_remainder = false;
}

void Raise(Literal& bound, const DataType& type) {
  auto* number = std::get_if<ScaledNumber>(&bound);
  if (number == nullptr || IsBeyondAll(number->floor)) return;
  number->floor += MarginOf(type, number->floor) + (number->has_remainder ? 1 : 0);
  number->has_remainder = false;
  // Protocol, "Per-file Statistics": cut off below the millisecond.
  if (type.kind == TypeKind::kTimestamp || type.kind == TypeKind::kTimestampNtz) number->floor += 999;
}

bool IsFloating(const DataType& type) {
  return type.kind == TypeKind::kFloat || type.kind == TypeKind::kDouble;
}

}  // namespace

FileStatistics::FileStatistics(std::string_view json) {
  if (!json.empty()) parsed_ = std::make_unique<Parsed>(json);
}
FileStatistics::~FileStatistics() = default;

ColumnBounds FileStatistics::BoundsOf(const PredicateColumn& column) {
  ColumnBounds bounds;
  if (!parsed_) return bounds;
  const auto find = [&](std::string_view group, const std::vector<std::string>& path) {
    return Find(parsed_->parser, parsed_->json, group, path);
  };
  // With wide bounds other counts than these two say nothing, with tight ones nothing more.
  const auto nulls = find("nullCount", column.names_in_log);
  const auto records = find("numRecords", {});
  bounds.may_have_nulls = !nulls || nulls->text != "0";
  bounds.may_have_values = !nulls || !records || nulls->text != records->text;

  bounds.lowest = BoundOf(find("minValues", column.names_in_log), column.type);
  if (bounds.lowest) Lower(*bounds.lowest, column.type);
  if (IsFloating(column.type)) {
    // NaN is above all others, and writers leave it out of account.
    const auto* lowest = bounds.lowest ? std::get_if<double>(&*bounds.lowest) : nullptr;
    if (lowest != nullptr && std::isnan(*lowest)) bounds.lowest.reset();
    return bounds;
  }
  bounds.highest = BoundOf(find("maxValues", column.names_in_log), column.type);
  if (bounds.highest) Raise(*bounds.highest, column.type);
  return bounds;
}

}  // namespace rtl::delta
