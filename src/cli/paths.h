// The folders and s3:// prefixes that SOURCE and TABLES mean, and the check that a run would not read what it
// writes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/error.h"
#include "load/options.h"

namespace rtl::cli {

struct Folders {
  std::string source;  // absolute, symbolic links resolved; or s3://bucket/prefix/
  std::string tables;  // the same; need not exist
};

bool IsS3(std::string_view path);  // begins with s3:// or s3a://

// A table's folder below a root of either kind.
std::string Below(const std::string& root, const std::string& name);

// kBadConfig: a source that is no folder or cannot be read, another scheme than s3, tables inside the source
// or the source inside a table.
Result<Folders> ResolveFolders(const std::string& source, const std::string& tables,
                               const load::TableNames& names);

// A folder that must be there. `what` names it in the message: "the source", "the table".
Result<std::string> ResolveExistingFolder(const std::string& path, std::string_view what);

// Whether `path` is `folder` or below it. Both absolute and resolved; a folder mounted twice is one folder.
bool IsSameOrInside(const std::filesystem::path& path, const std::filesystem::path& folder);

}  // namespace rtl::cli
