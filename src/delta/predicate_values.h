// How a value compares with a literal.
#pragma once

#include <cmath>
#include <string_view>

#include "delta/predicate.h"

namespace rtl::delta {

// Below zero, zero, above zero: the value is less, equal, greater.
inline int Order(Int128 value, const ScaledNumber& literal) {
  if (value != literal.floor) return value < literal.floor ? -1 : 1;
  return literal.has_remainder ? -1 : 0;
}
inline int Order(double value, double literal) {
  const bool value_is_nan = std::isnan(value);
  const bool literal_is_nan = std::isnan(literal);
  if (value_is_nan || literal_is_nan)
    return static_cast<int>(value_is_nan) - static_cast<int>(literal_is_nan);
  return static_cast<int>(value > literal) - static_cast<int>(value < literal);
}
inline int Order(bool value, bool literal) {
  return static_cast<int>(value) - static_cast<int>(literal);
}
inline int Order(std::string_view value, std::string_view literal) {
  return value.compare(literal);
}

inline bool Holds(Comparison comparison, int order) {
  switch (comparison) {
    case Comparison::kEqual:
      return order == 0;
    case Comparison::kNotEqual:
      return order != 0;
    case Comparison::kLess:
      return order < 0;
    case Comparison::kLessOrEqual:
      return order <= 0;
    case Comparison::kGreater:
      return order > 0;
    case Comparison::kGreaterOrEqual:
      return order >= 0;
  }
  return false;
}

}  // namespace rtl::delta
