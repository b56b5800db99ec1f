#include "cli/paths.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace rtl::cli {
namespace fs = std::filesystem;
namespace {

std::unexpected<Error> Bad(std::string message) {
  return Fail(ErrorKind::kBadConfig, std::move(message));
}

Result<> CheckIsLocal(const std::string& path) {
  const std::size_t scheme = path.find("://");
  if (scheme == std::string::npos || path.find('/') < scheme) return {};
  return Bad(fmt::format(
      "{}: this build reads and writes local folders only, not {}:// addresses; give a folder's path", path,
      path.substr(0, scheme)));
}

Result<std::string> Resolve(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  fs::path resolved = error ? fs::path() : fs::weakly_canonical(absolute, error);
  if (error) return Bad(fmt::format("{}: cannot be resolved: {}", path, error.message()));
  if (!resolved.has_filename() && resolved.has_relative_path()) resolved = resolved.parent_path();
  return resolved.string();
}

}  // namespace

bool IsSameOrInside(const fs::path& path, const fs::path& folder) {
  for (fs::path at = path;; at = at.parent_path()) {
    std::error_code error;
    if (at == folder || (fs::equivalent(at, folder, error) && !error)) return true;
    if (at == at.parent_path()) return false;
  }
}

Result<std::string> ResolveExistingFolder(const std::string& path, std::string_view what) {
  RTL_CHECK(CheckIsLocal(path));
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return Bad(fmt::format("{}: {} does not exist; check the path", path, what));
  }
  if (error) return Bad(fmt::format("{}: {} cannot be looked at: {}", path, what, error.message()));
  if (!fs::is_directory(status)) return Bad(fmt::format("{}: {} must be a folder", path, what));
  if (access(path.c_str(), R_OK | X_OK) != 0) {
    return Bad(fmt::format("{}: {} cannot be read: {}", path, what, std::strerror(errno)));
  }
  return Resolve(path);
}

Result<Folders> ResolveFolders(const std::string& source, const std::string& tables,
                               const load::TableNames& names) {
  Folders folders;
  RTL_CHECK(CheckIsLocal(tables));
  RTL_TRY(folders.source, ResolveExistingFolder(source, "the source"));
  RTL_TRY(folders.tables, Resolve(tables));
  std::error_code error;
  if (fs::exists(folders.tables, error) && !fs::is_directory(folders.tables, error)) {
    return Bad(fmt::format("{}: the tables' root must be a folder", tables));
  }
  if (IsSameOrInside(folders.tables, folders.source)) {
    return Bad(fmt::format(
        "the tables' root {} lies inside the source {}: table files would be taken for customers' "
        "files; give a folder outside the source",
        folders.tables, folders.source));
  }
  for (const std::string* name :
       std::array{&names.snapshot, &names.raw, &names.file_records, &names.file_log, &names.quarantine}) {
    const fs::path table = fs::path(folders.tables) / *name;
    if (IsSameOrInside(folders.source, table)) {
      return Bad(
          fmt::format("the source {} lies inside the table {}; give a source folder outside the tables",
                      folders.source, table.string()));
    }
  }
  return folders;
}

}  // namespace rtl::cli
