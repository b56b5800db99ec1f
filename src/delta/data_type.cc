#include "delta/data_type.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <set>
#include <utility>

#include "delta/ascii_case.h"
#include "delta/json_fields.h"

namespace rtl::delta {
namespace {

constexpr int kMaxDepth = 100;  // of types within types

constexpr auto kPrimitives = std::to_array<std::pair<std::string_view, TypeKind>>({
    {"string", TypeKind::kString},
    {"long", TypeKind::kLong},
    {"integer", TypeKind::kInteger},
    {"short", TypeKind::kShort},
    {"byte", TypeKind::kByte},
    {"float", TypeKind::kFloat},
    {"double", TypeKind::kDouble},
    {"boolean", TypeKind::kBoolean},
    {"binary", TypeKind::kBinary},
    {"date", TypeKind::kDate},
    {"timestamp", TypeKind::kTimestamp},
    {"timestamp_ntz", TypeKind::kTimestampNtz},
    {"void", TypeKind::kVoid},
    {"null", TypeKind::kVoid},  // Spark's older name of it
    {"variant", TypeKind::kVariant},
});

std::optional<int> ParseSmall(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

Result<DataType> ParseDecimal(std::string_view type) {
  if (type == "decimal") return DataType{.kind = TypeKind::kDecimal, .precision = 10};
  // decimal(precision,scale)
  const std::string_view inner = type.substr(8, type.size() - 9);
  if (const std::size_t comma = inner.find(','); comma != std::string_view::npos) {
    const auto precision = ParseSmall(inner.substr(0, comma));
    const auto scale = ParseSmall(inner.substr(comma + 1));
    if (precision && scale && *precision >= 1 && *precision <= 38 && *scale >= 0 && *scale <= *precision) {
      return DataType{.kind = TypeKind::kDecimal, .precision = *precision, .scale = *scale};
    }
  }
  return Fail(ErrorKind::kBadData, fmt::format("no such type: {}", type));
}

Result<DataType> ParsePrimitive(std::string_view type) {
  const auto found = std::ranges::find(kPrimitives, type, &std::pair<std::string_view, TypeKind>::first);
  if (found != kPrimitives.end()) return DataType{.kind = found->second};
  if (type == "decimal" || (type.starts_with("decimal(") && type.ends_with(')'))) return ParseDecimal(type);
  return Fail(ErrorKind::kUnsupported, fmt::format("columns of type {} cannot be read", type));
}

Result<DataType> ParseElement(simdjson::dom::element element, int depth);

Result<DataType> ParseMember(JsonObject object, std::string_view member, int depth) {
  simdjson::dom::element element;
  if (object.at_key(member).get(element) != simdjson::SUCCESS) {
    return Fail(ErrorKind::kBadData, fmt::format("a type has no {}", member));
  }
  return ParseElement(element, depth + 1);
}

// What the metadata of a field say of column mapping.
Result<> ReadMapping(JsonObject metadata, TypedField& field) {
  RTL_TRY(field.physical_name, FindString(metadata, "delta.columnMapping.physicalName"));
  RTL_TRY(const auto id, FindInt(metadata, "delta.columnMapping.id"));
  if (!id) return {};
  if (!std::in_range<std::int32_t>(*id)) {
    return Fail(ErrorKind::kBadData, fmt::format("{} is no column id", *id));
  }
  field.id = static_cast<std::int32_t>(*id);
  return {};
}

Result<TypedField> ParseStructField(simdjson::dom::element element, int depth) {
  JsonObject object;
  if (element.get(object) != simdjson::SUCCESS) {
    return Fail(ErrorKind::kBadData, "a struct's field is not an object");
  }
  TypedField field;
  RTL_TRY(field.name, GetString(object, "name"));
  const auto rest = [&]() -> Result<> {
    RTL_TRY(field.type, ParseMember(object, "type", depth));
    RTL_TRY(const auto nullable, FindBool(object, "nullable"));
    field.nullable = nullable.value_or(true);
    RTL_TRY(const auto metadata, FindObject(object, "metadata"));
    return metadata ? ReadMapping(*metadata, field) : Result<>();
  }();
  if (!rest) return Fail(rest.error().Wrap(fmt::format("field {}", field.name)));
  return field;
}

Result<DataType> ParseStruct(JsonObject object, int depth) {
  simdjson::dom::array fields;
  if (object.at_key("fields").get(fields) != simdjson::SUCCESS) {
    return Fail(ErrorKind::kBadData, "a struct has no fields");
  }
  DataType type{.kind = TypeKind::kStruct};
  std::set<std::string> names;
  for (const auto element : fields) {
    RTL_TRY(auto field, ParseStructField(element, depth));
    if (!names.insert(AsciiLower(field.name)).second) {
      return Fail(ErrorKind::kBadData, fmt::format("a struct has two fields named {}", field.name));
    }
    type.children.push_back(std::move(field));
  }
  return type;
}

Result<DataType> ParseArray(JsonObject object, int depth) {
  TypedField element{.name = "element"};
  RTL_TRY(element.type, ParseMember(object, "elementType", depth));
  RTL_TRY(const auto nullable, FindBool(object, "containsNull"));
  element.nullable = nullable.value_or(true);
  return DataType{.kind = TypeKind::kArray, .children = {std::move(element)}};
}

Result<DataType> ParseMap(JsonObject object, int depth) {
  TypedField key{.name = "key", .nullable = false};
  TypedField value{.name = "value"};
  RTL_TRY(key.type, ParseMember(object, "keyType", depth));
  RTL_TRY(value.type, ParseMember(object, "valueType", depth));
  RTL_TRY(const auto nullable, FindBool(object, "valueContainsNull"));
  value.nullable = nullable.value_or(true);
  return DataType{.kind = TypeKind::kMap, .children = {std::move(key), std::move(value)}};
}

Result<DataType> ParseElement(simdjson::dom::element element, int depth) {
  if (depth > kMaxDepth) return Fail(ErrorKind::kUnsupported, "types are nested too deeply");
  if (std::string_view name; element.get(name) == simdjson::SUCCESS) return ParsePrimitive(name);
  JsonObject object;
  if (element.get(object) != simdjson::SUCCESS) return Fail(ErrorKind::kBadData, "a type is not one");
  RTL_TRY(const std::string name, GetString(object, "type"));
  if (name == "struct") return ParseStruct(object, depth);
  if (name == "array") return ParseArray(object, depth);
  if (name == "map") return ParseMap(object, depth);
  return ParsePrimitive(name);
}

Result<DataType> ParseJson(std::string_view type) {
  simdjson::dom::parser parser;
  const simdjson::padded_string text(type);
  simdjson::dom::element root;
  if (const auto error = parser.parse(text).get(root); error != simdjson::SUCCESS) {
    return Fail(ErrorKind::kBadData, simdjson::error_message(error));
  }
  return ParseElement(root, 0);
}

}  // namespace

Result<DataType> ParseType(std::string_view type) {
  return type.starts_with('{') ? ParseJson(type) : ParsePrimitive(type);
}

Result<TypedField> ParseTypedField(const Field& field) {
  TypedField typed{.name = field.name, .nullable = field.nullable};
  const auto rest = [&]() -> Result<> {
    RTL_TRY(typed.type, ParseType(field.type));
    if (field.metadata.empty()) return {};
    simdjson::dom::parser parser;
    const simdjson::padded_string text(field.metadata);
    JsonObject metadata;
    if (parser.parse(text).get(metadata) != simdjson::SUCCESS) {
      return Fail(ErrorKind::kBadData, "its metadata is not a JSON object");
    }
    return ReadMapping(metadata, typed);
  }();
  if (!rest) return Fail(rest.error().Wrap(fmt::format("column {}", field.name)));
  return typed;
}

std::string ToString(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kDecimal:
      return fmt::format("decimal({},{})", type.precision, type.scale);
    case TypeKind::kArray:
      return fmt::format("array<{}>", ToString(type.children[0].type));
    case TypeKind::kMap:
      return fmt::format("map<{}, {}>", ToString(type.children[0].type), ToString(type.children[1].type));
    case TypeKind::kStruct: {
      std::string text;
      for (const TypedField& field : type.children) {
        text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", field.name, ToString(field.type));
      }
      return "struct<" + text + ">";
    }
    default:
      return std::string(
          std::ranges::find(kPrimitives, type.kind, &std::pair<std::string_view, TypeKind>::second)->first);
  }
}

}  // namespace rtl::delta
