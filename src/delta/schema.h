// A table's columns (protocol: "Schema Serialization Format").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace rtl::delta {

struct Field {
  std::string name;
  std::string type;  // "string", "long", ...; a nested type is its JSON text
  bool nullable = true;
  std::string metadata;  // JSON object text; empty means {}
};

struct Schema {
  std::vector<Field> fields;

  const Field* Find(
      std::string_view name) const;  // exact spelling; null when absent; valid while the schema is
};

Result<Schema> ParseSchema(std::string_view schema_string);
std::string ToSchemaString(const Schema& schema);

}  // namespace rtl::delta
