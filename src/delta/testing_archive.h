// Reads the corpora's ".tar.zst" archives.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/util/compression.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

namespace rtl::delta {

namespace testing_archive_detail {

inline std::string Decompressed(const std::filesystem::path& archive) {
  auto codec = arrow::util::Codec::Create(arrow::Compression::ZSTD).ValueOrDie();
  auto file = arrow::io::ReadableFile::Open(archive.string()).ValueOrDie();
  auto stream = arrow::io::CompressedInputStream::Make(codec.get(), file).ValueOrDie();
  std::string bytes;
  while (true) {
    const auto part = stream->Read(1 << 20).ValueOrDie();
    if (part->size() == 0) return bytes;
    bytes += part->ToString();
  }
}

// A field of a header, up to its first NUL.
inline std::string HeaderField(const std::string& tar, std::size_t header, std::size_t begin,
                               std::size_t size) {
  const std::string field = tar.substr(header + begin, size);
  return field.substr(0, field.find('\0'));
}

// The path of a "pax" header: "27 path=a/b\n".
inline std::string PaxPath(const std::string& records) {
  const auto begin = records.find(" path=");
  return begin == records.npos ? "" : records.substr(begin + 6, records.find('\n', begin) - begin - 6);
}

}  // namespace testing_archive_detail

// The archive's files by path, those under `folder` alone, the folder left out of their paths.
inline std::map<std::string, std::string> FilesOfArchive(const std::filesystem::path& archive,
                                                         const std::string& folder) {
  using namespace testing_archive_detail;
  constexpr std::size_t kBlock = 512;
  const std::string tar = Decompressed(archive);
  std::map<std::string, std::string> files;
  std::string long_path;
  for (std::size_t at = 0; at + kBlock <= tar.size() && tar[at] != '\0';) {
    const std::size_t size = std::strtoull(HeaderField(tar, at, 124, 12).c_str(), nullptr, 8);
    const char type = tar[at + 156];
    const std::string prefix = HeaderField(tar, at, 345, 155);
    std::string path = HeaderField(tar, at, 0, 100);
    if (!prefix.empty()) path = prefix + "/" + path;
    const std::string bytes = tar.substr(at + kBlock, size);
    at += kBlock + (size + kBlock - 1) / kBlock * kBlock;
    if (type == 'x' || type == 'L') {
      long_path = type == 'x' ? PaxPath(bytes) : bytes.c_str();
      continue;
    }
    if (!long_path.empty()) path = std::exchange(long_path, "");
    if (path.starts_with("./")) path.erase(0, 2);
    if (type == '0' && path.starts_with(folder + "/")) files[path.substr(folder.size() + 1)] = bytes;
  }
  return files;
}

}  // namespace rtl::delta
