// What a table's columns ask of each new data file, as far as its add tells.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "delta/actions.h"

namespace rtl::delta {

class FileRules {
 public:
  // Errors as RequiredColumns and ColumnMapping::Of.
  static Result<FileRules> Of(const Protocol& protocol, const Metadata& metadata);

  // kBadData, naming file and column:
  //   a partition column without a value, or a value of none (protocol: "Consistency Between Table Metadata
  //   and Data Files"); a deletion vector without numRecords (protocol: "Writer Requirement for Deletion
  //   Vectors"); a new file whose statistics do not tell that each row has a value in every NOT NULL column:
  //   its rows have to be looked at anew. Files that only move or tell anew of rows are not asked that again.
  Result<> Check(const Add& add) const { return Check(add, add.data_change); }
  // `brings_rows`: rows that the table did not have.
  Result<> Check(const Add& add, bool brings_rows) const;

 private:
  struct Column {
    std::string name;
    std::string physical_name;
  };
  std::vector<Column> required_;
  std::vector<Column> partition_;
};

}  // namespace rtl::delta
