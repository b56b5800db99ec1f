// Reading typed fields of a JSON object, with errors that name the field. A null counts as absent
// (protocol: "Delta Log Entries" are written by many, some of whom write absent fields as null).
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace rtl::delta {

using JsonObject = simdjson::dom::object;

// Absent when there is no such field. kBadData when it has another type than asked for.
Result<std::optional<std::string>> FindString(JsonObject object, std::string_view field);
Result<std::optional<std::int64_t>> FindInt(JsonObject object, std::string_view field);
Result<std::optional<bool>> FindBool(JsonObject object, std::string_view field);
Result<std::optional<JsonObject>> FindObject(JsonObject object, std::string_view field);
Result<std::vector<std::string>> FindStrings(JsonObject object, std::string_view field);  // empty when absent
// Values that are null are left out.
Result<std::map<std::string, std::string>> FindStringMap(JsonObject object, std::string_view field);
Result<std::map<std::string, std::optional<std::string>>> FindNullableMap(JsonObject object,
                                                                          std::string_view field);

// kBadData when absent.
Result<std::string> GetString(JsonObject object, std::string_view field);
Result<std::int64_t> GetInt(JsonObject object, std::string_view field);

}  // namespace rtl::delta
