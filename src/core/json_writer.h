// Writes compact JSON into a string, in the order of the calls. Strings must be valid UTF-8 where the reader
// cares; control characters, quotes and backslashes are escaped, nothing else. The caller keeps objects and
// arrays balanced.
//
//   JsonWriter json;
//   json.BeginObject().Key("path").String(path).Key("size").Int(42).EndObject();
//   std::move(json).Take();
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace rtl {

class JsonWriter {
 public:
  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view key);
  JsonWriter& String(std::string_view value);
  JsonWriter& Int(std::int64_t value);
  JsonWriter& Double(double value);  // shortest text that reads back the same; null when not finite
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  JsonWriter& Raw(std::string_view json);  // already JSON

  const std::string& text() const { return text_; }
  std::string Take() && { return std::move(text_); }

 private:
  void Separate();

  std::string text_;
  bool needs_comma_ = false;
};

}  // namespace rtl
