#include "load/packed_file.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <map>

#include "core/uuid.h"
#include "encode/table_file.h"

namespace rtl::load {
namespace {

constexpr std::size_t kOwnColumns = 4;

// Data columns in the order in which they first appear, then the loader's.
std::shared_ptr<arrow::Schema> UnionOf(const std::vector<PackMember>& members) {
  arrow::FieldVector data;
  arrow::FieldVector own;
  std::map<std::string, bool> known;
  for (const PackMember& member : members) {
    for (const auto& batch : member.rows) {
      for (const auto& field : batch->schema()->fields()) {
        if (!known.try_emplace(field->name(), true).second) continue;
        (IsOwnColumn(field->name()) ? own : data).push_back(field);
      }
    }
  }
  data.insert(data.end(), own.begin(), own.end());
  return arrow::schema(std::move(data));
}

Result<> PutTo(const delta::Table& table, const std::string& path, const EncodedFile& file) {
  auto put = table.store().Put(table.DataKey(path), file.bytes);
  if (!put) return Fail(put.error().Wrap(fmt::format("writing {} into {}", path, table.Uri())));
  return put;
}

}  // namespace

Result<PackedFile> PutPacked(const TableSet& tables, std::vector<PackMember> members,
                             std::shared_ptr<const encode::StoredColumns> stored, bool into_raw,
                             Timestamp now) {
  std::ranges::sort(members, {}, &PackMember::source_file);
  RTL_TRY(const auto file,
          encode::TableFile::Create(UnionOf(members), kOwnColumns, {.stored = std::move(stored)}));
  PackedFile packed;
  for (const PackMember& member : members) {
    const std::int64_t first = file->rows();
    for (const auto& batch : member.rows) RTL_CHECK(file->Write(*batch));
    packed.index.members.push_back(
        {member.source_file, member.file_version, {{first, file->rows() - first}}});
  }
  packed.index.rows = file->rows();
  RTL_TRY(const EncodedFile encoded, file->Finish());

  const std::string path = fmt::format("packed-{}.parquet", NewUuid());
  const delta::Table* raw = into_raw ? tables.Find(Role::kRaw) : nullptr;
  std::future<Result<>> raw_put;
  if (raw != nullptr) raw_put = std::async(std::launch::async, [&] { return PutTo(*raw, path, encoded); });
  auto put = PutTo(tables.snapshot, path, encoded);
  if (raw != nullptr) {
    auto second = raw_put.get();
    if (put) put = std::move(second);
  }
  RTL_CHECK(put);
  packed.add.path = path;
  packed.add.size = static_cast<std::int64_t>(encoded.bytes.size());
  packed.add.modification_time_ms = MillisSinceEpoch(now);
  packed.add.stats = encoded.stats;
  packed.add.tags = {{kPackedTag, "1"}};
  return packed;
}

}  // namespace rtl::load
