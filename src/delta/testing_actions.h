// Actions for this folder's tests.
#pragma once

#include <fmt/format.h>

#include <string>

#include "delta/actions.h"

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

}  // namespace rtl::delta
