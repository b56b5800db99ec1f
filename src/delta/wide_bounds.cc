#include "delta/wide_bounds.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "core/json_writer.h"
#include "delta/parquet_object.h"

namespace rtl::delta {
namespace {

Result<std::int64_t> RowsInFooter(const Table& table, const Add& add) {
  RTL_TRY(std::string key, table.KeyOf(add.path));
  const store::ObjectInfo info{.key = std::move(key), .size = add.size};
  RTL_TRY(const auto object, ParquetObject::Open(table.store(), info, 1));
  return object.reader().parquet_reader()->metadata()->num_rows();
}

}  // namespace

Result<std::string> WithWideBounds(const Table& table, const Add& add) {
  simdjson::dom::parser parser;
  simdjson::dom::object stats;
  const bool readable =
      !add.stats.empty() && parser.parse(add.stats.data(), add.stats.size()).get(stats) == simdjson::SUCCESS;
  std::int64_t rows = 0;
  if (!readable || stats["numRecords"].get(rows) != simdjson::SUCCESS) {
    RTL_TRY(rows, RowsInFooter(table, add));
  }
  JsonWriter json;
  json.BeginObject().Key("numRecords").Int(rows);
  if (readable) {
    for (const auto& [key, value] : stats) {
      if (key == "numRecords" || key == "tightBounds") continue;
      json.Key(key).Raw(simdjson::minify(value));
    }
  }
  json.Key("tightBounds").Bool(false).EndObject();
  return std::move(json).Take();
}

}  // namespace rtl::delta
