#include "delta/file_skipping.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/scalar.h>
#include <fmt/format.h>

#include <utility>
#include <variant>

#include "delta/file_statistics.h"
#include "delta/parquet_object.h"
#include "delta/partition_value.h"
#include "delta/predicate_rows.h"
#include "delta/predicate_values.h"

namespace rtl::delta {
namespace {

// What a predicate may be for the rows of a file.
struct Possible {
  bool is_true = true;
  bool is_false = true;
  bool is_unknown = true;
};

Possible Only(Truth truth) {
  return {truth == Truth::kTrue, truth == Truth::kFalse, truth == Truth::kUnknown};
}

// -1, 0, 1 as of Order; a bound and a literal are of one kind, since both come from the column's type.
int OrderOf(const Literal& bound, const Literal& literal) {
  return std::visit(
      [&](const auto& of_literal) {
        using Kind = std::decay_t<decltype(of_literal)>;
        const Kind& of_bound = std::get<Kind>(bound);
        if constexpr (std::is_same_v<Kind, ScaledNumber>) {
          return Order(of_bound.floor, of_literal);
        } else {
          return Order(of_bound, of_literal);
        }
      },
      literal);
}

// The bound may be the beginning of a greater value.
bool IsBeginningOf(const Literal& bound, const Literal& literal) {
  const auto* text = std::get_if<std::string>(&literal);
  return text != nullptr && text->starts_with(std::get<std::string>(bound));
}

// Whether a value between the bounds may hold.
bool MayHold(Comparison comparison, const ColumnBounds& bounds, const Literal& literal) {
  if (!bounds.may_have_values) return false;
  const int lowest = bounds.lowest ? OrderOf(*bounds.lowest, literal) : -1;
  int highest = bounds.highest ? OrderOf(*bounds.highest, literal) : 1;
  if (bounds.highest && highest <= 0 && IsBeginningOf(*bounds.highest, literal)) highest = 1;
  switch (comparison) {
    case Comparison::kEqual:
      return lowest <= 0 && highest >= 0;
    case Comparison::kNotEqual:
      return lowest != 0 || highest != 0;
    case Comparison::kLess:
      return lowest < 0;
    case Comparison::kLessOrEqual:
      return lowest <= 0;
    case Comparison::kGreater:
      return highest > 0;
    case Comparison::kGreaterOrEqual:
      return highest >= 0;
  }
  return true;
}

Comparison Negated(Comparison comparison) {
  switch (comparison) {
    case Comparison::kEqual:
      return Comparison::kNotEqual;
    case Comparison::kNotEqual:
      return Comparison::kEqual;
    case Comparison::kLess:
      return Comparison::kGreaterOrEqual;
    case Comparison::kLessOrEqual:
      return Comparison::kGreater;
    case Comparison::kGreater:
      return Comparison::kLessOrEqual;
    case Comparison::kGreaterOrEqual:
      return Comparison::kLess;
  }
  return comparison;
}

class FileJudge {
 public:
  FileJudge(const Add& add, const TimeZone& zone) : add_(add), zone_(zone), statistics_(add.stats) {}

  Result<Possible> Judge(const Predicate& predicate) {
    switch (predicate.kind) {
      case Predicate::Kind::kNot: {
        RTL_TRY(const Possible inner, Judge(predicate.children.at(0)));
        return Possible{inner.is_false, inner.is_true, inner.is_unknown};
      }
      case Predicate::Kind::kAnd:
      case Predicate::Kind::kOr:
        return JudgeAll(predicate);
      default:
        return predicate.column.is_partition ? JudgePartition(predicate) : JudgeTest(predicate);
    }
  }

 private:
  Possible JudgeTest(const Predicate& test) {
    const ColumnBounds bounds = statistics_.BoundsOf(test.column);
    if (test.kind == Predicate::Kind::kIsNull) {
      return {bounds.may_have_nulls, bounds.may_have_values, false};
    }
    return {MayHold(test.comparison, bounds, test.literal),
            MayHold(Negated(test.comparison), bounds, test.literal), bounds.may_have_nulls};
  }

  Result<Possible> JudgePartition(const Predicate& test) {
    const auto value = add_.partition_values.find(test.column.names_in_log.front());
    RTL_TRY(const auto scalar,
            ParsePartitionValue(value == add_.partition_values.end() ? std::nullopt : value->second,
                                test.column.type, zone_));
    RTL_TRY(const auto values, FromArrow(arrow::MakeArrayFromScalar(*scalar, 1)));
    RTL_TRY(const auto truths, TruthOf(test, *values));
    return Only(truths.front());
  }

  Result<Possible> JudgeAll(const Predicate& predicate) {
    // OR is AND with true and false changed about.
    const bool is_and = predicate.kind == Predicate::Kind::kAnd;
    Possible all = Only(Truth::kTrue);  // of AND
    for (const Predicate& child : predicate.children) {
      RTL_TRY(Possible next, Judge(child));
      if (!is_and) std::swap(next.is_true, next.is_false);
      const bool unknown = (all.is_unknown && (next.is_true || next.is_unknown)) ||
                           (next.is_unknown && (all.is_true || all.is_unknown));
      all = {all.is_true && next.is_true, all.is_false || next.is_false, unknown};
    }
    if (!is_and) std::swap(all.is_true, all.is_false);
    return all;
  }

  const Add& add_;
  const TimeZone& zone_;
  FileStatistics statistics_;
};

}  // namespace

Result<bool> MayHaveRows(const Predicate& predicate, const Add& add, const TimeZone& partition_zone) {
  auto possible = FileJudge(add, partition_zone).Judge(predicate);
  if (!possible) return Fail(possible.error().Wrap(add.path));
  return possible->is_true;
}

}  // namespace rtl::delta
