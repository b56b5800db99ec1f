#include "delta/needed_files.h"

#include <algorithm>
#include <span>
#include <string>
#include <tuple>

#include "delta/data_path.h"
#include "delta/deletion_vector_path.h"

namespace rtl::delta {
namespace {

bool Before(const ContentHash& a, const ContentHash& b) {
  return std::tie(a.high, a.low) < std::tie(b.high, b.low);
}

// Without empty and "." segments, and with ".." resolved: what a file system makes of it.
std::vector<std::string_view> Segments(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    begin = end + 1;
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
  }
  return segments;
}

std::string Join(std::span<const std::string_view> segments) {
  std::string path;
  for (const std::string_view segment : segments) {
    if (!path.empty()) path += '/';
    path += segment;
  }
  return path;
}

// visit(hash) for each path below the folder that `path` can mean.
template <typename Visit>
void ForEachHash(std::string_view path, const Visit& visit) {
  const std::vector<std::string_view> segments = Segments(path);
  if (segments.empty()) return;
  if (!IsAbsolutePath(path)) return visit(HashContent(Join(segments)));
  // A scheme and a bucket are segments of it too, which does no harm.
  for (std::size_t first = 0; first < segments.size(); ++first) {
    visit(HashContent(Join(std::span(segments).subspan(first))));
  }
}

// Empty where it is inline, or makes no sense.
std::string VectorFile(const DeletionVectorDescriptor& vector) {
  return vector.storage_type == 'i' ? std::string() : DeletionVectorPath(vector).value_or("");
}

template <typename FileAction, typename Visit>
void ForEachHashOf(const FileAction& file, const Visit& visit) {
  ForEachHash(file.path, visit);
  // Some writers forget to encode what they write.
  const std::string in_log = file.path_in_log.empty() ? EncodePath(file.path) : file.path_in_log;
  if (in_log != file.path) ForEachHash(in_log, visit);
  if (file.deletion_vector) ForEachHash(VectorFile(*file.deletion_vector), visit);
}

}  // namespace

void NeededFiles::Insert(std::string_view path) {
  ForEachHash(path, [&](const ContentHash& hash) { hashes_.push_back(hash); });
}

void NeededFiles::InsertFilesOf(const Commit& commit) {
  const auto insert = [&](const ContentHash& hash) { hashes_.push_back(hash); };
  for (const Action& action : commit.actions) {
    if (const auto* add = std::get_if<Add>(&action)) {
      ForEachHashOf(*add, insert);
    } else if (const auto* remove = std::get_if<Remove>(&action)) {
      ForEachHashOf(*remove, insert);
    } else if (const auto* change = std::get_if<AddCdc>(&action)) {
      ForEachHash(change->path, insert);
    }
  }
}

bool NeededFiles::Contains(std::string_view path) {
  if (sorted_ < hashes_.size()) {
    std::ranges::sort(hashes_, Before);
    hashes_.erase(std::ranges::unique(hashes_).begin(), hashes_.end());
    sorted_ = hashes_.size();
  }
  return std::ranges::binary_search(hashes_, HashContent(Join(Segments(path))), Before);
}

Result<> NeededFilesSink::OnAdd(Add&& add) {
  if (add.deletion_vector && add.deletion_vector->storage_type != 'i') {
    const auto named = DeletionVectorPath(*add.deletion_vector);
    if (!named) return Fail(named.error().Wrap(add.path));
  }
  ForEachHashOf(add, [&](const ContentHash& hash) { needed_.InsertHash(hash); });
  return {};
}

Result<> NeededFilesSink::OnTombstone(Remove&& remove) {
  const std::int64_t removed_ms = remove.deletion_timestamp_ms.value_or(0);
  ForEachHashOf(remove, [&](const ContentHash& hash) { tombstones_.push_back({removed_ms, hash}); });
  return {};
}

void NeededFilesSink::KeepTombstones(std::int64_t since_ms) {
  for (const Tombstone& tombstone : tombstones_) {
    if (tombstone.removed_ms >= since_ms) needed_.InsertHash(tombstone.hash);
  }
  tombstones_ = {};
}

}  // namespace rtl::delta
