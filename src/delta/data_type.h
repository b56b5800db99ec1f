// A column's type as a tree, with what a reader must know of each column in it (protocol: "Schema
// Serialization Format", "Column Mapping").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "delta/schema.h"

namespace rtl::delta {

enum class TypeKind : std::uint8_t {
  kString,
  kLong,
  kInteger,
  kShort,
  kByte,
  kFloat,
  kDouble,
  kDecimal,
  kBoolean,
  kBinary,
  kDate,
  kTimestamp,
  kTimestampNtz,
  kVoid,
  kVariant,
  kStruct,
  kArray,
  kMap,
};

struct TypedField;

struct DataType {
  TypeKind kind = TypeKind::kVoid;
  std::int32_t precision = 0;  // of a decimal
  std::int32_t scale = 0;
  // Of a struct its fields; of an array "element"; of a map "key" and "value" (protocol: "Field Path").
  std::vector<TypedField> children;

  bool is_nested() const { return kind >= TypeKind::kStruct; }
};

struct TypedField {
  std::string name;
  DataType type;
  bool nullable = true;
  // Column mapping; of fields of a struct and of columns alone.
  std::optional<std::string> physical_name;
  std::optional<std::int32_t> id;
};

// The type of a Field: a primitive's name or a nested type's JSON. kUnsupported, naming it, for a type that
// is not known; kBadData for what is no type.
Result<DataType> ParseType(std::string_view type);

// With what its metadata say. Errors name the column.
Result<TypedField> ParseTypedField(const Field& field);

// As in a schema: "decimal(10,2)", "struct<a: integer, b: array<string>>".
std::string ToString(const DataType& type);

}  // namespace rtl::delta
