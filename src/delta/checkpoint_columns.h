// Fields of a checkpoint's action structs as plain values, whatever string or integer type the writer chose.
#pragma once

#include <arrow/array.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace rtl::delta {

// One top-level column of a batch, or a struct in it; null when the file lacks it. Every field of an absent
// struct is absent.
using StructColumn = std::shared_ptr<arrow::StructArray>;

Result<StructColumn> FindStruct(const arrow::RecordBatch& batch, const std::string& name);
Result<StructColumn> FindStruct(const StructColumn& parent, const std::string& name);

// Values are absent where the field, or the struct around it, is null.
class StringColumn {
 public:
  static Result<StringColumn> Find(const StructColumn& parent, const std::string& name);
  std::optional<std::string_view> At(std::int64_t row) const;

 private:
  std::shared_ptr<arrow::StringArray> values_;
};

class IntColumn {
 public:
  static Result<IntColumn> Find(const StructColumn& parent, const std::string& name);
  std::optional<std::int64_t> At(std::int64_t row) const;

 private:
  std::shared_ptr<arrow::Int64Array> values_;
};

class BoolColumn {
 public:
  static Result<BoolColumn> Find(const StructColumn& parent, const std::string& name);
  std::optional<bool> At(std::int64_t row) const;

 private:
  std::shared_ptr<arrow::BooleanArray> values_;
};

class StringListColumn {
 public:
  static Result<StringListColumn> Find(const StructColumn& parent, const std::string& name);
  std::vector<std::string> At(std::int64_t row) const;  // empty when absent; without null elements

 private:
  std::shared_ptr<arrow::ListArray> lists_;
  std::shared_ptr<arrow::StringArray> values_;
};

class StringMapColumn {
 public:
  static Result<StringMapColumn> Find(const StructColumn& parent, const std::string& name);
  std::map<std::string, std::optional<std::string>> NullableAt(std::int64_t row) const;  // empty when absent
  std::map<std::string, std::string> At(std::int64_t row) const;  // without null values

 private:
  std::shared_ptr<arrow::MapArray> maps_;
  std::shared_ptr<arrow::StringArray> keys_;
  std::shared_ptr<arrow::StringArray> values_;
};

}  // namespace rtl::delta
