// Conditions as text:
//
//   condition = term { OR term }           term = factor { AND factor }
//   factor    = NOT factor | ( condition ) | column comparison literal | column IS [NOT] NULL
//   column    = name { . name }            a name as it is, or in `backquotes` or "double quotes"
//   comparison: =  ==  <>  !=  <  <=  >  >=
//   literal: 'text' ('' is one quote), 12, -1.5e3, TRUE, FALSE, DATE 'text', TIMESTAMP 'text'
//
// Words are taken regardless of case.
#pragma once

#include <string_view>

#include "core/error.h"
#include "delta/predicate.h"
#include "delta/table.h"

namespace rtl::delta {

// kBadConfig: a message, then on lines of their own the text and a '^' below where it goes wrong.
Result<Predicate> ParsePredicate(std::string_view text, const TableState& state);

}  // namespace rtl::delta
