// Column mapping as a writer needs it: how columns are named in data files, and what new columns are given
// (protocol: "Column Mapping").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "delta/actions.h"

namespace rtl::delta {

enum class MappingMode : std::uint8_t { kNone, kName, kId };

// The property counts only where the protocol supports the feature. kUnsupported for a mode that is not
// known.
Result<MappingMode> MappingModeOf(const Protocol& protocol, const Metadata& metadata);

// A top-level column.
struct MappedColumn {
  std::string name;           // as people know it
  std::string physical_name;  // in data files, statistics and partition values
  std::optional<std::int32_t> id;

  bool operator==(const MappedColumn&) const = default;
};

class ColumnMapping {
 public:
  // kBadData, naming the column, when a column lacks a name or an id though the mode asks for it, or has one
  // that another column has.
  static Result<ColumnMapping> Of(const Protocol& protocol, const Metadata& metadata);

  MappingMode mode() const { return mode_; }
  bool maps() const { return mode_ != MappingMode::kNone; }
  const std::vector<MappedColumn>& columns() const { return columns_; }  // in the schema's order
  const MappedColumn* Find(std::string_view name) const;  // null when there is none; exact spelling
  const MappedColumn* FindPhysical(std::string_view physical_name) const;

 private:
  MappingMode mode_ = MappingMode::kNone;
  std::vector<MappedColumn> columns_;
};

// Gives each top-level column without them a physical name, unique for ever, and the next id, and raises
// delta.columnMapping.maxColumnId (protocol: "Writer Requirements for Column Mapping"). Nothing where the
// mode is none. kUnsupported when such a column's type is nested.
Result<> MapNewColumns(const Protocol& protocol, Metadata& metadata);

}  // namespace rtl::delta
