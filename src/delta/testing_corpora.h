// Where the test corpora lie: RTLOADER_CORPORA, else "shared/data" in a folder above this program.
#pragma once

#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace rtl::delta {

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

// A table packed as "<name>.tar.zst", unpacked into a folder that lives as long as this value.
class UnpackedCorpus {
 public:
  explicit UnpackedCorpus(std::string_view name) {
    namespace fs = std::filesystem;
    const fs::path archive = Corpus(std::string(name) + ".tar.zst");
    if (archive.empty()) return;
    std::string root = (fs::temp_directory_path() / "rtl-corpus-XXXXXX").string();
    if (::mkdtemp(root.data()) == nullptr) return;
    root_ = root;
    const std::string from = archive.string();
    const char* const arguments[] = {"tar", "--zstd", "-xf", from.c_str(), "-C", root.c_str(), nullptr};
    pid_t child = 0;
    int status = -1;
    if (::posix_spawnp(&child, "tar", nullptr, nullptr, const_cast<char* const*>(arguments), environ) != 0 ||
        ::waitpid(child, &status, 0) != child || status != 0) {
      return;
    }
    const fs::path table = root_ / archive.stem().stem();
    folder_ = fs::exists(table / "delta") ? table / "delta" : table;
  }
  ~UnpackedCorpus() {
    std::error_code ignored;
    if (!root_.empty()) std::filesystem::remove_all(root_, ignored);
  }
  UnpackedCorpus(const UnpackedCorpus&) = delete;
  UnpackedCorpus& operator=(const UnpackedCorpus&) = delete;

  const std::filesystem::path& folder() const { return folder_; }  // of the table; empty when there is none

 private:
  std::filesystem::path root_;
  std::filesystem::path folder_;
};

}  // namespace rtl::delta

// At the start of a test that needs the corpus.
#define RTL_NEED_CORPUS(folder, name)           \
  const auto folder = rtl::delta::Corpus(name); \
  if (folder.empty()) GTEST_SKIP() << "no corpus " << (name) << ": set RTLOADER_CORPORA"

#define RTL_NEED_PACKED_CORPUS(corpus, name)     \
  const rtl::delta::UnpackedCorpus corpus(name); \
  if ((corpus).folder().empty()) GTEST_SKIP() << "no corpus " << (name) << ": set RTLOADER_CORPORA"
