#include "cli/paths.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "s3/s3_store.h"

namespace rtl::cli {
namespace fs = std::filesystem;
namespace {

std::unexpected<Error> Bad(std::string message) {
  return Fail(ErrorKind::kBadConfig, std::move(message));
}

Result<> CheckIsLocal(const std::string& path) {
  const std::size_t scheme = path.find("://");
  if (scheme == std::string::npos || path.find('/') < scheme) return {};
  return Bad(fmt::format("{}: there is no {}:// here; give a folder's path or s3://bucket/prefix/", path,
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

// As it stands in the tables' properties: s3://bucket/prefix/, whatever way it was written.
Result<std::string> ResolveS3(const std::string& uri) {
  RTL_TRY(const s3::Location location, s3::ParseUri(uri));
  return fmt::format("s3://{}/{}", location.bucket, location.prefix);
}

Result<std::string> ResolveSource(const std::string& source) {
  if (IsS3(source)) return ResolveS3(source);
  return ResolveExistingFolder(source, "the source");
}

Result<std::string> ResolveTables(const std::string& tables) {
  if (IsS3(tables)) return ResolveS3(tables);
  RTL_CHECK(CheckIsLocal(tables));
  return Resolve(tables);
}

// Of two places of one kind; a folder is never inside a bucket.
bool Contains(const std::string& outer, const std::string& inner) {
  if (IsS3(outer) != IsS3(inner)) return false;
  if (IsS3(outer)) return (inner + "/").starts_with(outer.ends_with('/') ? outer : outer + "/");
  return IsSameOrInside(inner, outer);
}

}  // namespace

bool IsS3(std::string_view path) {
  return path.starts_with("s3://") || path.starts_with("s3a://");
}

std::string Below(const std::string& root, const std::string& name) {
  return root.ends_with('/') ? root + name : root + "/" + name;
}

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
  RTL_TRY(folders.source, ResolveSource(source));
  RTL_TRY(folders.tables, ResolveTables(tables));
  std::error_code error;
  if (!IsS3(tables) && fs::exists(folders.tables, error) && !fs::is_directory(folders.tables, error)) {
    return Bad(fmt::format("{}: the tables' root must be a folder", tables));
  }
  if (Contains(folders.source, folders.tables)) {
    return Bad(fmt::format(
        "the tables' root {} lies inside the source {}: table files would be taken for customers' "
        "files; give a folder outside the source",
        folders.tables, folders.source));
  }
  for (const std::string* name :
       std::array{&names.snapshot, &names.raw, &names.file_records, &names.file_log, &names.quarantine}) {
    const std::string table = Below(folders.tables, *name);
    if (Contains(table, folders.source)) {
      return Bad(
          fmt::format("the source {} lies inside the table {}; give a source folder outside the tables",
                      folders.source, table));
    }
  }
  return folders;
}

}  // namespace rtl::cli
