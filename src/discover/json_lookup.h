// Looking into JSON that anybody may have written. Only for .cc files: simdjson is heavy.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace rtl::discover {

// Empty when there is no such field or it is no string. The view lives as long as the parser's document.
inline std::string_view FindText(simdjson::dom::object object, std::string_view field) {
  std::string_view text;
  if (object[field].get(text) != simdjson::SUCCESS) return {};
  return text;
}

inline std::optional<simdjson::dom::object> FindObject(simdjson::dom::object object, std::string_view field) {
  simdjson::dom::object found;
  if (object[field].get(found) != simdjson::SUCCESS) return {};
  return found;
}

inline std::optional<simdjson::dom::array> FindArray(simdjson::dom::object object, std::string_view field) {
  simdjson::dom::array found;
  if (object[field].get(found) != simdjson::SUCCESS) return {};
  return found;
}

inline std::optional<std::int64_t> FindInteger(simdjson::dom::object object, std::string_view field) {
  std::int64_t found = 0;
  if (object[field].get(found) != simdjson::SUCCESS) return {};
  return found;
}

inline bool HasField(simdjson::dom::object object, std::string_view field) {
  return object[field].error() == simdjson::SUCCESS;
}

}  // namespace rtl::discover
