#include "encode/delta_stats.h"

#include <algorithm>

#include "core/json_writer.h"
#include "core/time.h"

namespace rtl::encode {
namespace {

// The byte behind the first `count` characters of UTF-8 text.
std::size_t CharactersEnd(std::string_view text, std::size_t count) {
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const bool begins_character = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (begins_character && count-- == 0) return i;
  }
  return i;
}

std::uint32_t Decode(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return lead;
  std::uint32_t c = lead & (0x7Fu >> character.size());
  for (const char next : character.substr(1)) c = c << 6 | (static_cast<unsigned char>(next) & 0x3Fu);
  return c;
}

void Encode(std::uint32_t c, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

template <typename ArrowArray, typename T>
void ObserveNumbers(const ArrowArray& array, bool& has_values, T& min, T& max) {
  for (std::int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) continue;
    const T value = array.Value(i);
    if (!has_values) min = max = value;
    has_values = true;
    if (value < min) min = value;
    if (max < value) max = value;
  }
}

std::string TimestampJson(std::int64_t millis) {
  std::string text = FormatTimestamp(FromMicros(millis * 1000));
  text.replace(text.size() - 4, 3, "");  // the three digits of microseconds
  return '"' + text + '"';
}

std::string StringJson(std::string_view text) {
  JsonWriter json;
  json.String(text);
  return std::move(json).Take();
}

std::string DoubleJson(double value) {
  JsonWriter json;
  json.Double(value);
  return std::move(json).Take();
}

}  // namespace

bool IsPayload(std::string_view value) {
  return value.size() > kMaxBoundedBytes || value.starts_with('{') || value.starts_with('[');
}

std::string LowerBound(std::string_view min) {
  return std::string(min.substr(0, CharactersEnd(min, kBoundCharacters)));
}

bool UpperBound(std::string_view max, std::string& out) {
  out = max.substr(0, CharactersEnd(max, kBoundCharacters));
  if (out.size() == max.size()) return true;
  while (!out.empty()) {
    std::size_t last = out.size() - 1;
    while ((static_cast<unsigned char>(out[last]) & 0xC0) == 0x80) --last;
    std::uint32_t c = Decode(std::string_view(out).substr(last));
    out.resize(last);
    if (c == 0x10FFFF) continue;
    ++c;
    if (c == 0xD800) c = 0xE000;  // surrogates are no characters
    Encode(c, out);
    return true;
  }
  return false;
}

void ColumnStats::ObserveStrings(const arrow::StringArray& array) {
  std::string_view min = min_string_;
  std::string_view max = max_string_;
  for (std::int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) continue;
    const std::string_view value = array.GetView(i);
    if (IsPayload(value)) {
      payload_ = true;
      has_values_ = true;
      return;
    }
    if (!has_values_) {
      min = max = value;
      has_values_ = true;
    } else if (value < min) {
      min = value;
    } else if (max < value) {
      max = value;
    }
  }
  min_string_ = std::string(min);
  max_string_ = std::string(max);
}

void ColumnStats::Observe(const arrow::Array& array) {
  null_count_ += array.null_count();
  switch (array.type_id()) {
    case arrow::Type::STRING:
      bounds_ = Bounds::kString;
      if (!payload_) ObserveStrings(static_cast<const arrow::StringArray&>(array));
      break;
    case arrow::Type::INT64:
      bounds_ = Bounds::kInt;
      ObserveNumbers(static_cast<const arrow::Int64Array&>(array), has_values_, min_int_, max_int_);
      break;
    case arrow::Type::TIMESTAMP:
      if (const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
          type.timezone().empty() || type.unit() != arrow::TimeUnit::MICRO) {
        break;
      }
      bounds_ = Bounds::kTimestamp;
      ObserveNumbers(static_cast<const arrow::TimestampArray&>(array), has_values_, min_int_, max_int_);
      break;
    case arrow::Type::DOUBLE:
      bounds_ = Bounds::kDouble;
      ObserveNumbers(static_cast<const arrow::DoubleArray&>(array), has_values_, min_double_, max_double_);
      break;
    default:
      break;  // booleans and bytes have no bounds
  }
}

std::string ColumnStats::MinJson() const {
  if (!has_values_ || payload_) return {};
  switch (bounds_) {
    case Bounds::kNone:
      return {};
    case Bounds::kString:
      return StringJson(LowerBound(min_string_));
    case Bounds::kInt:
      return std::to_string(min_int_);
    case Bounds::kDouble:
      return min_double_ == 0 ? "-0.0" : DoubleJson(min_double_);  // some readers order the zeros
    case Bounds::kTimestamp:
      return TimestampJson(MillisSinceEpoch(FromMicros(min_int_)));
  }
  return {};
}

std::string ColumnStats::MaxJson() const {
  if (!has_values_ || payload_) return {};
  switch (bounds_) {
    case Bounds::kNone:
      return {};
    case Bounds::kString: {
      std::string bound;
      return UpperBound(max_string_, bound) ? StringJson(bound) : std::string();
    }
    case Bounds::kInt:
      return std::to_string(max_int_);
    case Bounds::kDouble:
      return max_double_ == 0 ? "0.0" : DoubleJson(max_double_);
    case Bounds::kTimestamp: {
      // Bounds have milliseconds; a reader that takes this one at its word must not miss the microseconds.
      const std::int64_t floor = MillisSinceEpoch(FromMicros(max_int_));
      return TimestampJson(floor * 1000 == max_int_ ? floor : floor + 1);
    }
  }
  return {};
}

std::string StatsJson(std::int64_t rows, const arrow::Schema& schema, const std::vector<ColumnStats>& columns,
                      std::size_t always, const std::vector<bool>& counted) {
  const auto each = [&](const auto& write, bool counts = false) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const bool indexed = i < kIndexedColumns || i + always >= columns.size();
      if (!indexed && !(counts && !counted.empty() && counted[i])) continue;
      write(schema.field(static_cast<int>(i))->name(), columns[i]);
    }
  };
  JsonWriter json;
  json.BeginObject().Key("numRecords").Int(rows);
  json.Key("minValues").BeginObject();
  each([&](const std::string& name, const ColumnStats& column) {
    if (const std::string bound = column.MinJson(); !bound.empty()) json.Key(name).Raw(bound);
  });
  json.EndObject().Key("maxValues").BeginObject();
  each([&](const std::string& name, const ColumnStats& column) {
    if (const std::string bound = column.MaxJson(); !bound.empty()) json.Key(name).Raw(bound);
  });
  json.EndObject().Key("nullCount").BeginObject();
  // A nested column's counts would have to mirror its fields.
  each(
      [&](const std::string& name, const ColumnStats& column) {
        if (!arrow::is_nested(schema.GetFieldByName(name)->type()->id()))
          json.Key(name).Int(column.null_count());
      },
      true);
  json.EndObject().EndObject();
  return std::move(json).Take();
}

}  // namespace rtl::encode
