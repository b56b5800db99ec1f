// A condition on the rows of a table, in SQL's three-valued logic, typed by the table's schema.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/error.h"
#include "delta/data_type.h"
#include "delta/scaled_int.h"
#include "delta/table.h"

namespace rtl::delta {

enum class Truth : std::uint8_t { kFalse, kUnknown, kTrue };

enum class Comparison : std::uint8_t { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

// What a column is compared with, in the column's own terms: whole numbers, decimals, dates (days) and times
// (microseconds) as a number in units of the type's scale; strings and bytes by their bytes; floating numbers
// rounded to the column's width, where NaN equals itself and is above all others.
using Literal = std::variant<bool, ScaledNumber, double, std::string>;

// A column, or a field within structs.
struct PredicateColumn {
  std::vector<std::string> names;         // from the column down
  std::vector<std::string> names_in_log;  // the same, as statistics and partition values have them
  DataType type;
  bool is_partition = false;
};

struct Predicate {
  enum class Kind : std::uint8_t { kCompare, kIsNull, kNot, kAnd, kOr };

  Kind kind = Kind::kAnd;  // of nothing: true
  PredicateColumn column;  // of kCompare, kIsNull
  Comparison comparison = Comparison::kEqual;
  Literal literal;
  std::vector<Predicate> children;  // of kNot (one), kAnd, kOr
};

// Names match exactly or else regardless of case. kNotFound, with the names there are.
Result<PredicateColumn> ResolveColumn(const TableState& state, const std::vector<std::string>& names);

enum class LiteralForm : std::uint8_t { kNumber, kString, kBoolean };

// What `text` means for columns of that type: a number, true or false, or the contents of a string (also of
// dates and times; a timestamp without a zone is UTC). kBadData, without the text, when it means nothing.
Result<Literal> ParseLiteral(std::string_view text, LiteralForm form, const DataType& type);

Predicate Compare(PredicateColumn column, Comparison comparison, Literal literal);
Predicate And(std::vector<Predicate> predicates);

// Names of the table's columns that a predicate reads, each once.
std::vector<std::string> ColumnsOf(const Predicate& predicate);

}  // namespace rtl::delta
