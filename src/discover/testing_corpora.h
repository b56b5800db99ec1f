// Where the test corpora lie: RTLOADER_CORPORA, else "shared/data" in a folder above this program.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace rtl::discover {

// Empty when there is no such folder.
inline std::filesystem::path Corpus(std::string_view name) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (const char* root = std::getenv("RTLOADER_CORPORA")) {
    return fs::exists(fs::path(root) / name, ignored) ? fs::path(root) / name : fs::path();
  }
  for (fs::path folder = fs::read_symlink("/proc/self/exe", ignored); folder.has_relative_path();) {
    folder = folder.parent_path();
    const fs::path found = folder / "shared" / "data" / name;
    if (fs::exists(found, ignored)) return found;
  }
  return {};
}

}  // namespace rtl::discover

// At the start of a test that needs the corpus.
#define RTL_NEED_CORPUS(folder, name)              \
  const auto folder = rtl::discover::Corpus(name); \
  if (folder.empty()) GTEST_SKIP() << "no corpus " << (name) << ": set RTLOADER_CORPORA"
