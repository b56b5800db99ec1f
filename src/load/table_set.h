// The set of tables under one root: their names, roles and first commits.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "delta/table.h"
#include "load/options.h"

namespace rtl::load {

enum class Role { kSnapshot, kRaw, kFileRecords, kFileLog, kQuarantine };

struct RoleTable {
  Role role;
  delta::Table table;
};

struct TableSet {
  delta::Table snapshot;
  std::vector<RoleTable> derived;  // in the order they are derived; only those switched on

  const delta::Table* Find(Role role) const;  // null when switched off
};

// The tables that are switched on, or `all`. Does not look at the store.
TableSet MakeTableSet(store::ObjectStore& store, const Options& options, const Clock& clock,
                      bool all = false);

// Columns that each table has from the start; snapshot and raw get the data columns put before these.
delta::Schema BaseSchema(Role role);

// Loads a table, or makes its first commit when it is absent and `create` (kNotFound otherwise), with
// `absorbed` in it where given. Another process may be first. kBadConfig when the table belongs to another
// source.
Result<delta::TableState> OpenOrCreate(const delta::Table& table, Role role, const Options& options,
                                       bool create, Timestamp now,
                                       const std::optional<delta::Txn>& absorbed = std::nullopt);

// delta::CheckWritable, and whether FileColumnsOf knows how its files have to be written.
Result<> CheckLoadable(Role role, const delta::Protocol& protocol, const delta::Metadata& metadata);

// The snapshot's layout, which stands in its properties, and what a commit needs to change it. A packed one
// needs deletion vectors (protocol: "Table Features": features once in use are listed when a table gets any).
Layout LayoutOf(const delta::Metadata& metadata);
std::vector<delta::Action> LayoutActions(Layout layout, delta::Protocol protocol, delta::Metadata metadata);

bool IsLoadersTable(const delta::Metadata& metadata);  // made by a loader, of whatever source

// The data columns of a snapshot or raw schema: all but the loader's own.
std::vector<delta::Field> DataFields(const delta::Schema& schema);
bool IsOwnColumn(std::string_view name);

// `schema` with those `fields` that it lacks (by exact name) put before the loader's columns; nullopt when it
// lacks none. A field that folds to the name of another one, or has another type, is an error (kConflict: the
// file is decoded anew with the table's spelling).
Result<std::optional<delta::Schema>> WithFields(const delta::Schema& schema,
                                                const std::vector<delta::Field>& fields);

inline constexpr std::string_view kEngineInfo = "rtloader/0.1.0";

// A commitInfo for commits that carry no account (creation, derived tables).
std::string PlainCommitInfo(std::string_view operation, std::string_view txn_id, Timestamp now);

}  // namespace rtl::load
