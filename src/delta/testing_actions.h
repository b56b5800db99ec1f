// Actions for this folder's tests.
#pragma once

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "delta/table.h"

namespace rtl::delta {

inline CommitInfo InfoWith(std::string_view txn_id) {
  return {fmt::format(R"({{"operation":"WRITE","txnId":"{}"}})", txn_id)};
}

inline Metadata SomeMetadata() {
  Metadata metadata{.id = "5e3f6b1c-0000-4000-8000-000000000000"};
  metadata.schema.fields = {{.name = "wid", .type = "string"}, {.name = "n", .type = "long"}};
  metadata.created_time_ms = 1'700'000'000'000;
  return metadata;
}

inline Add SomeAdd(std::string_view path) {
  return {.path = std::string(path),
          .size = 10,
          .modification_time_ms = 1'700'000'000'000,
          .stats = R"({"numRecords":1})",
          .tags = {{"key", "in/a.txt"}}};
}

// The tombstones of a table at `version`, by path: what its checkpoint would hold.
inline std::map<std::string, Remove> Tombstones(const Table& table, std::optional<Version> version = {}) {
  struct Sink final : ReplaySink {
    Wants wants() const override { return {.stats = false, .tags = false, .tombstones = true}; }
    void Restart() override { removes.clear(); }
    Result<> OnAdd(Add&&) override { return {}; }
    Result<> OnTombstone(Remove&& remove) override {
      removes.emplace(remove.path, remove);
      return {};
    }
    std::map<std::string, Remove> removes;
  } sink;
  const auto scanned = table.Scan(version, sink);
  return scanned ? std::move(sink.removes) : std::map<std::string, Remove>();
}

}  // namespace rtl::delta
