#include <fmt/format.h>

#include <functional>

#include "delta/log_listing.h"
#include "delta/log_names.h"
#include "delta/read_ahead.h"
#include "delta/table.h"

namespace rtl::delta {

Result<Commit> Table::ReadCommit(Version version) const {
  const std::string key = DataKey("_delta_log/" + CommitName(version));
  const std::string where = fmt::format("{}/_delta_log/{}", Uri(), CommitName(version));
  auto object = store_->Get(key);
  if (!object) return Fail(object.error().Wrap(where));
  auto actions = ParseCommitBytes(object->bytes);
  if (!actions) return Fail(actions.error().Wrap(where));
  return Commit{version, object->info.modified_at, std::move(*actions)};
}

Result<std::vector<Commit>> Table::CommitsAfter(Version after) const {
  RTL_TRY(const LogListing listing, ListLog(*store_, DataKey("_delta_log/"), after + 1));
  std::vector<Commit> commits;
  const Version newest = listing.Newest();
  // A folder's listing need not be a snapshot, so only the get says that a commit is missing.
  const auto read = ForEachCommit(after + 1, newest, [&](Commit commit) -> Result<> {
    commits.push_back(std::move(commit));
    return {};
  });
  if (read) return commits;
  if (read.error().kind() != ErrorKind::kNotFound) return Fail(read.error());
  return Fail(commits.empty() ? ErrorKind::kNotFound : ErrorKind::kBadData,
              fmt::format("{}: commit {} is gone, though version {} exists", Uri(),
                          after + 1 + static_cast<Version>(commits.size()), newest));
}

namespace {

// Versions first, first + step, ... up to and including last. A commit file can be large (thousands of
// files): few are held at once.
Result<> ReadCommits(const Table& table, Version first, Version last, int step,
                     const std::function<Result<>(Commit)>& take) {
  return ReadAhead(
      table.store(), (last - first) * step + 1,
      [&](std::int64_t at) { return table.ReadCommit(first + at * step); },
      [&](Result<Commit>&& commit) { return commit ? take(std::move(*commit)) : Fail(commit.error()); });
}

}  // namespace

Result<> Table::ForEachCommit(Version first, Version last,
                              const std::function<Result<>(Commit)>& take) const {
  return ReadCommits(*this, first, last, 1, take);
}

Result<> Table::ForEachCommitDown(Version last, Version first,
                                  const std::function<Result<>(Commit)>& take) const {
  return ReadCommits(*this, last, first, -1, take);
}

}  // namespace rtl::delta
