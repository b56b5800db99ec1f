#include "cli/upkeep_targets.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "cli/paths.h"
#include "core/time.h"

namespace rtl::cli {
namespace {

using load::Role;

Result<bool> IsTable(const delta::Table& table) {
  RTL_TRY(const auto lister, table.store().List(table.DataKey("_delta_log/")));
  RTL_TRY(const auto page, lister->Next());
  return !page.empty();
}

// "/a/b", "s3://bucket/a/": where it lies, and its own name. No name: it is a bucket.
struct Location {
  std::string parent;
  std::string name;
};

Location Split(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const std::size_t least = IsS3(path) ? path.find("://") + 3 : 0;
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash < least) return {path, ""};
  return {path.substr(0, slash + 1), path.substr(slash + 1)};
}

class Finder {
 public:
  Finder(const Invocation& invocation, const Environment& environment)
      : config_(invocation.config), environment_(environment) {}

  // `root` as it was given.
  Result<> AddAllBelow(const std::string& root) {
    RTL_TRY(const load::TableSet* set, OpenSet(root));
    std::size_t found = 0;
    for (const Role role : kRoles) {
      const delta::Table& table = *set->Find(role);
      RTL_TRY(const bool exists, IsTable(table));
      if (!exists) continue;
      ++found;
      found_.targets.push_back({table.path(), {table, set, role}});
    }
    if (found > 0) return {};
    return Fail(
        ErrorKind::kBadConfig,
        fmt::format("{}: is no Delta table (it has no _delta_log), and has none of the loader's below it",
                    root));
  }

  Result<> AddNamed(const std::string& given) {
    const bool is_name = given.find('/') == std::string::npos;
    if (is_name && !config_.tables.empty()) {
      RTL_TRY(const bool below, AddTable(Below(config_.tables, given), given));
      if (below) return {};
    }
    RTL_TRY(const bool is_table, AddTable(given, given));
    return is_table ? Result<>() : AddAllBelow(given);
  }

  UpkeepTargets Take() { return std::move(found_); }

 private:
  static constexpr std::array kRoles = {Role::kSnapshot, Role::kRaw, Role::kFileRecords, Role::kFileLog,
                                        Role::kQuarantine};

  // False when there is no table.
  Result<bool> AddTable(const std::string& path, const std::string& given) {
    std::string folder = path;
    if (!IsS3(path)) {
      auto resolved = ResolveExistingFolder(path, "the table");
      if (!resolved && path != given) return false;  // the name may be a folder's
      RTL_TRY(folder, std::move(resolved));
    }
    RTL_TRY(store::ObjectStore * store, Open(folder));
    const delta::Table table(*store, "");
    RTL_TRY(const bool is_table, IsTable(table));
    if (!is_table) return false;
    delta::WithoutFiles sink;
    RTL_TRY(const delta::TableState state, table.Scan(std::nullopt, sink));
    if (!load::IsLoadersTable(state.metadata)) {
      found_.targets.push_back({given, {table, nullptr, std::nullopt}});
      return true;
    }
    // What may go of it depends on the tables beside it.
    const Location location = Split(folder);
    RTL_TRY(const load::TableSet* set, OpenSet(location.parent));
    for (const Role role : kRoles) {
      const delta::Table& own = *set->Find(role);
      if (own.path() != location.name) continue;
      found_.targets.push_back({own.path(), {own, set, role}});
      return true;
    }
    return Fail(
        ErrorKind::kBadConfig,
        fmt::format("{}: a loader made this table, under a name that is not one of [tables]: give its "
                    "configuration with --config",
                    given));
  }

  Result<store::ObjectStore*> Open(const std::string& root) {
    RTL_TRY(auto store, environment_.open_store(root, false, Merged(config_.s3, config_.tables_s3)));
    found_.stores.push_back(std::move(store));
    return found_.stores.back().get();
  }

  Result<const load::TableSet*> OpenSet(const std::string& root) {
    std::string folder = root;
    if (!IsS3(root)) {
      RTL_TRY(folder, ResolveExistingFolder(root, "the tables' root"));
    }
    RTL_TRY(store::ObjectStore * store, Open(folder));
    found_.sets.push_back(
        std::make_unique<load::TableSet>(load::MakeTableSet(*store, config_.load, SystemClock(), true)));
    return found_.sets.back().get();
  }

  const Config& config_;
  const Environment& environment_;
  UpkeepTargets found_;
};

}  // namespace

Result<UpkeepTargets> FindUpkeepTargets(const Invocation& invocation, const Environment& environment) {
  Finder finder(invocation, environment);
  if (invocation.tables_named.empty()) RTL_CHECK(finder.AddAllBelow(invocation.config.tables));
  for (const std::string& given : invocation.tables_named) RTL_CHECK(finder.AddNamed(given));
  return finder.Take();
}

}  // namespace rtl::cli
