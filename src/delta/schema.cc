#include "delta/schema.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <set>

#include "core/json_writer.h"
#include "delta/ascii_case.h"
#include "delta/json_fields.h"

namespace rtl::delta {
namespace {

Result<Field> ParseField(simdjson::dom::element element) {
  JsonObject object;
  if (element.get(object) != simdjson::SUCCESS) {
    return Fail(ErrorKind::kBadData, "schema: a field is not an object");
  }
  Field field;
  RTL_TRY(field.name, GetString(object, "name"));
  simdjson::dom::element type;
  if (object.at_key("type").get(type) != simdjson::SUCCESS) {
    return Fail(ErrorKind::kBadData, fmt::format("schema: column {} has no type", field.name));
  }
  if (std::string_view name; type.get(name) == simdjson::SUCCESS) {
    field.type = name;
  } else if (type.is_object()) {
    field.type = simdjson::minify(type);
  } else {
    return Fail(ErrorKind::kBadData, fmt::format("schema: the type of column {} is not one", field.name));
  }
  RTL_TRY(const auto nullable, FindBool(object, "nullable"));
  field.nullable = nullable.value_or(true);
  RTL_TRY(const auto metadata, FindObject(object, "metadata"));
  if (metadata && metadata->size() > 0) field.metadata = simdjson::minify(*metadata);
  return field;
}

}  // namespace

const Field* Schema::Find(std::string_view name) const {
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

Result<Schema> ParseSchema(std::string_view schema_string) {
  simdjson::dom::parser parser;
  const simdjson::padded_string text(schema_string);
  simdjson::dom::element root;
  if (const auto error = parser.parse(text).get(root); error != simdjson::SUCCESS) {
    return Fail(ErrorKind::kBadData, fmt::format("schema: {}", simdjson::error_message(error)));
  }
  JsonObject object;
  simdjson::dom::array fields;
  if (root.get(object) != simdjson::SUCCESS || object.at_key("fields").get(fields) != simdjson::SUCCESS) {
    return Fail(ErrorKind::kBadData, "schema: not a struct with fields");
  }
  Schema schema;
  std::set<std::string> names;
  for (const auto element : fields) {
    RTL_TRY(auto field, ParseField(element));
    if (!names.insert(AsciiLower(field.name)).second) {
      return Fail(ErrorKind::kBadData, fmt::format("schema: two columns named {}", field.name));
    }
    schema.fields.push_back(std::move(field));
  }
  return schema;
}

std::string ToSchemaString(const Schema& schema) {
  JsonWriter json;
  json.BeginObject().Key("type").String("struct").Key("fields").BeginArray();
  for (const Field& field : schema.fields) {
    json.BeginObject().Key("name").String(field.name).Key("type");
    if (field.type.starts_with('{')) {
      json.Raw(field.type);
    } else {
      json.String(field.type);
    }
    json.Key("nullable").Bool(field.nullable);
    json.Key("metadata").Raw(field.metadata.empty() ? "{}" : field.metadata).EndObject();
  }
  json.EndArray().EndObject();
  return std::move(json).Take();
}

}  // namespace rtl::delta
