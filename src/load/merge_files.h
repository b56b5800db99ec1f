// The rows of several data files of a table as one new data file.
#pragma once

#include <cstddef>
#include <vector>

#include "core/error.h"
#include "delta/table.h"

namespace rtl::load {

// Puts a file under a new name that holds the live rows of `files`, in their order, and returns its add,
// without tags. All must have the same partition values. `always`: so many last columns have bounds in its
// statistics however many columns there are. Memory: the new file, twice.
//   kBadData      a file is damaged, or has not the rows that its add tells
//   kNotFound     a file is gone
//   kUnsupported  a column's type, or a nested column where the table maps its columns
Result<delta::Add> MergeFiles(const delta::Table& table, const delta::TableState& state,
                              const std::vector<delta::Add>& files, std::size_t always);

}  // namespace rtl::load
