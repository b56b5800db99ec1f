#include "delta/predicate_rows.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "delta/parquet_object.h"
#include "delta/predicate_values.h"

namespace rtl::delta {
namespace {

using arrow::Type;
using Truths = std::vector<Truth>;

Truth TruthFrom(bool is_true) {
  return is_true ? Truth::kTrue : Truth::kFalse;
}

template <typename LiteralType, typename ValueOf>
Truths CompareEach(const arrow::Array& values, Comparison comparison, const LiteralType& literal,
                   const ValueOf& value_of) {
  Truths truths(static_cast<std::size_t>(values.length()), Truth::kUnknown);
  for (std::int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row)) continue;
    truths[static_cast<std::size_t>(row)] = TruthFrom(Holds(comparison, Order(value_of(row), literal)));
  }
  return truths;
}

// Values of an array type, as `As`.
template <typename ArrayType, typename As>
auto ValuesIn(const arrow::Array& array) {
  return [&typed = static_cast<const ArrayType&>(array)](std::int64_t row) {
    return static_cast<As>(typed.GetView(row));
  };
}

template <typename ArrayType>
Truths CompareWhole(const arrow::Array& values, Comparison comparison, const ScaledNumber& literal) {
  return CompareEach(values, comparison, literal, ValuesIn<ArrayType, Int128>(values));
}

Truths CompareDecimal(const arrow::Array& array, Comparison comparison, const ScaledNumber& literal) {
  const auto& decimals = static_cast<const arrow::Decimal128Array&>(array);
  return CompareEach(array, comparison, literal, [&](std::int64_t row) {
    const arrow::Decimal128 value(decimals.GetValue(row));
    constexpr Int128 kHigh = static_cast<Int128>(1) << 64;
    return value.high_bits() * kHigh + static_cast<Int128>(value.low_bits());
  });
}

std::unexpected<Error> Unfit(const arrow::Array& values) {
  return Fail(ErrorKind::kInternal,
              fmt::format("a predicate does not fit values of type {}", values.type()->ToString()));
}

Result<Truths> CompareNumbers(const arrow::Array& values, Comparison comparison,
                              const ScaledNumber& literal) {
  switch (values.type_id()) {
    case Type::INT8:
      return CompareWhole<arrow::Int8Array>(values, comparison, literal);
    case Type::INT16:
      return CompareWhole<arrow::Int16Array>(values, comparison, literal);
    case Type::INT32:
      return CompareWhole<arrow::Int32Array>(values, comparison, literal);
    case Type::INT64:
      return CompareWhole<arrow::Int64Array>(values, comparison, literal);
    case Type::DATE32:
      return CompareWhole<arrow::Date32Array>(values, comparison, literal);
    case Type::TIMESTAMP:
      return CompareWhole<arrow::TimestampArray>(values, comparison, literal);
    case Type::DECIMAL128:
      return CompareDecimal(values, comparison, literal);
    default:
      return Unfit(values);
  }
}

Result<Truths> CompareValues(const arrow::Array& values, Comparison comparison, const Literal& literal) {
  const Type::type id = values.type_id();
  if (const auto* number = std::get_if<ScaledNumber>(&literal)) {
    return CompareNumbers(values, comparison, *number);
  }
  if (const auto* number = std::get_if<double>(&literal)) {
    if (id == Type::DOUBLE) {
      return CompareEach(values, comparison, *number, ValuesIn<arrow::DoubleArray, double>(values));
    }
    if (id == Type::FLOAT) {
      return CompareEach(values, comparison, *number, ValuesIn<arrow::FloatArray, double>(values));
    }
  }
  if (const auto* text = std::get_if<std::string>(&literal)) {
    if (id == Type::STRING || id == Type::BINARY) {
      return CompareEach(values, comparison, *text, ValuesIn<arrow::BinaryArray, std::string_view>(values));
    }
  }
  if (const auto* yes = std::get_if<bool>(&literal); yes != nullptr && id == Type::BOOL) {
    return CompareEach(values, comparison, *yes, ValuesIn<arrow::BooleanArray, bool>(values));
  }
  return Unfit(values);
}

// The values of the innermost name; null where a struct around them is.
Result<std::shared_ptr<arrow::Array>> ValuesOf(const PredicateColumn& column,
                                               const arrow::RecordBatch& batch) {
  std::shared_ptr<arrow::Array> values = batch.GetColumnByName(column.names.front());
  for (std::size_t level = 1; values != nullptr && level < column.names.size(); ++level) {
    if (values->type_id() != Type::STRUCT) return Unfit(*values);
    const int at = static_cast<const arrow::StructType&>(*values->type()).GetFieldIndex(column.names[level]);
    if (at < 0) return Unfit(*values);
    RTL_TRY(values, FromArrow(static_cast<const arrow::StructArray&>(*values).GetFlattenedField(at)));
  }
  if (values != nullptr) return values;
  return Fail(ErrorKind::kInternal, fmt::format("column {} was not read", column.names.front()));
}

// AND is the least of its parts, OR the greatest.
Result<Truths> Combine(const Predicate& predicate, const arrow::RecordBatch& batch) {
  const bool is_and = predicate.kind == Predicate::Kind::kAnd;
  Truths truths(static_cast<std::size_t>(batch.num_rows()), is_and ? Truth::kTrue : Truth::kFalse);
  for (const Predicate& child : predicate.children) {
    RTL_TRY(const Truths of_child, TruthOf(child, batch));
    for (std::size_t row = 0; row < truths.size(); ++row) {
      truths[row] = is_and ? std::min(truths[row], of_child[row]) : std::max(truths[row], of_child[row]);
    }
  }
  return truths;
}

}  // namespace

Truth Not(Truth truth) {
  if (truth == Truth::kUnknown) return truth;
  return truth == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
}

Result<Truths> TruthOf(const Predicate& test, const arrow::Array& values) {
  if (test.kind == Predicate::Kind::kCompare) return CompareValues(values, test.comparison, test.literal);
  Truths truths;
  truths.reserve(static_cast<std::size_t>(values.length()));
  for (std::int64_t row = 0; row < values.length(); ++row) truths.push_back(TruthFrom(values.IsNull(row)));
  return truths;
}

Result<Truths> TruthOf(const Predicate& predicate, const arrow::RecordBatch& batch) {
  switch (predicate.kind) {
    case Predicate::Kind::kCompare:
    case Predicate::Kind::kIsNull: {
      RTL_TRY(const auto values, ValuesOf(predicate.column, batch));
      return TruthOf(predicate, *values);
    }
    case Predicate::Kind::kNot: {
      RTL_TRY(Truths truths, TruthOf(predicate.children.at(0), batch));
      std::ranges::transform(truths, truths.begin(), Not);
      return truths;
    }
    default:
      return Combine(predicate, batch);
  }
}

}  // namespace rtl::delta
