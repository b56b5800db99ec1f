#include "delta/json_fields.h"

#include <fmt/format.h>

namespace rtl::delta {
namespace {

namespace dom = simdjson::dom;

std::optional<dom::element> Find(JsonObject object, std::string_view field) {
  dom::element element;
  if (object.at_key(field).get(element) != simdjson::SUCCESS || element.is_null()) return {};
  return element;
}

std::unexpected<Error> WrongType(std::string_view field, std::string_view wanted) {
  return Fail(ErrorKind::kBadData, fmt::format("field {} is not {}", field, wanted));
}

std::unexpected<Error> Missing(std::string_view field) {
  return Fail(ErrorKind::kBadData, fmt::format("field {} is missing", field));
}

template <typename Value, typename Parsed>
Result<std::optional<Value>> FindTyped(JsonObject object, std::string_view field, std::string_view wanted) {
  const auto element = Find(object, field);
  if (!element) return std::nullopt;
  Parsed value;
  if (element->get(value) != simdjson::SUCCESS) return WrongType(field, wanted);
  return Value(value);
}

}  // namespace

Result<std::optional<std::string>> FindString(JsonObject object, std::string_view field) {
  return FindTyped<std::string, std::string_view>(object, field, "a string");
}

Result<std::optional<std::int64_t>> FindInt(JsonObject object, std::string_view field) {
  return FindTyped<std::int64_t, std::int64_t>(object, field, "a 64-bit integer");
}

Result<std::optional<bool>> FindBool(JsonObject object, std::string_view field) {
  return FindTyped<bool, bool>(object, field, "a boolean");
}

Result<std::optional<JsonObject>> FindObject(JsonObject object, std::string_view field) {
  return FindTyped<JsonObject, JsonObject>(object, field, "an object");
}

Result<std::vector<std::string>> FindStrings(JsonObject object, std::string_view field) {
  std::vector<std::string> strings;
  const auto element = Find(object, field);
  if (!element) return strings;
  dom::array array;
  if (element->get(array) != simdjson::SUCCESS) return WrongType(field, "an array");
  for (const dom::element item : array) {
    std::string_view text;
    if (item.get(text) != simdjson::SUCCESS) return WrongType(field, "an array of strings");
    strings.emplace_back(text);
  }
  return strings;
}

Result<std::map<std::string, std::optional<std::string>>> FindNullableMap(JsonObject object,
                                                                          std::string_view field) {
  std::map<std::string, std::optional<std::string>> map;
  RTL_TRY(const auto entries, FindObject(object, field));
  if (!entries) return map;
  for (const auto [key, value] : *entries) {
    std::string_view text;
    if (value.is_null()) {
      map.emplace(key, std::nullopt);
    } else if (value.get(text) == simdjson::SUCCESS) {
      map.emplace(key, std::string(text));
    } else {
      return WrongType(field, "a map of strings");
    }
  }
  return map;
}

Result<std::map<std::string, std::string>> FindStringMap(JsonObject object, std::string_view field) {
  RTL_TRY(auto nullable, FindNullableMap(object, field));
  std::map<std::string, std::string> map;
  for (auto& [key, value] : nullable) {
    if (value) map.emplace(key, std::move(*value));
  }
  return map;
}

Result<std::string> GetString(JsonObject object, std::string_view field) {
  RTL_TRY(auto value, FindString(object, field));
  if (!value) return Missing(field);
  return std::move(*value);
}

Result<std::int64_t> GetInt(JsonObject object, std::string_view field) {
  RTL_TRY(const auto value, FindInt(object, field));
  if (!value) return Missing(field);
  return *value;
}

}  // namespace rtl::delta
