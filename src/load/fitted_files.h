// Data files that loaders put into a derived table's folder are named and stored as the snapshot, or nobody,
// has its columns: which names and ids the derived table gives them is known only when it takes them up
// (protocol: "Column Mapping"). Where these differ the file is written once more.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "delta/table.h"
#include "load/table_set.h"

namespace rtl::encode {
struct StoredColumns;
}

namespace rtl::load {

struct TableSchema {
  delta::Protocol protocol;
  delta::Metadata metadata;
};

class FittedFiles {
 public:
  // `from`: by which the files were written; `to`: that of the table, all columns of `from` in it. `table`
  // must outlive the object. Errors as FileColumnsOf.
  static Result<FittedFiles> Make(const delta::Table& table, Role role, TableSchema from,
                                  const TableSchema& to);

  // The add of a file that may stand in the table: this one, or of a new file with the same rows, which has
  // been put. Memory: the file's rows (a window of encode/).
  Result<delta::Add> Fit(delta::Add add, Timestamp now) const;

 private:
  explicit FittedFiles(const delta::Table& table) : table_(&table) {}

  const delta::Table* table_;
  bool as_they_are_ = false;
  delta::TableState from_;
  std::vector<std::string> columns_;  // to be carried over
  std::shared_ptr<const encode::StoredColumns> stored_;
};

}  // namespace rtl::load
