// The columns of a slice and the way from a key to its column. Private to decode/.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "decode/column_buffer.h"
#include "decode/json_scanner.h"
#include "decode/ndjson.h"

namespace rtl::decode {

class RowColumns {
 public:
  explicit RowColumns(const NdjsonOptions& options);

  // Adds a scanned line as row number `row` (0, 1, 2 ... of those that were taken). Returns why not, and has
  // added nothing then; empty when it was. `progress` as in ColumnBuffer.
  std::string AddRow(const std::vector<JsonMember>& members, std::int64_t row, double progress);

  std::shared_ptr<arrow::RecordBatch> Finish(std::int64_t rows);
  std::map<std::string, std::int64_t> TakeUnknownKeys() { return std::move(unknown_keys_); }

 private:
  // What is known of a key as written (escapes and all).
  struct Key {
    static constexpr int kUnknown = -1;
    std::string folded;
    std::string name;     // unescaped
    std::string refused;  // not empty: why lines with this key are rejected
    int column = kUnknown;
    std::int64_t seen_in = -1;  // line
  };
  struct ColumnState {
    explicit ColumnState(Column c) : column(std::move(c)), buffer(column.type) {}
    Column column;
    ColumnBuffer buffer;
    bool occurs = false;  // in a row that was taken
    // Of the line at hand:
    std::int64_t seen_in = -1;
    std::size_t member = 0;
    const Key* key = nullptr;
    bool is_null = false;
    std::string_view text;
    union {
      std::int64_t bigint;
      double number;
      bool boolean;
    };
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Expected {
    std::string_view text;  // of the key as written; lies in keys_
    Key* key;
  };

  Expected FindKey(const JsonMember& member);
  std::string Resolve(const std::vector<JsonMember>& members);
  std::string Convert(ColumnState& state, const JsonMember& member);
  std::string NonePinned(const std::vector<JsonMember>& members) const;
  std::string Lacking() const;
  void CountUnknown();
  void Append(std::int64_t row, double progress);
  void ForgetLine();
  int AddColumn(Column column);

  bool pinned_;
  std::size_t max_columns_;
  std::size_t known_;  // columns that were there from the start
  struct Required {
    std::string name;
    int column;  // Key::kUnknown: none that a key could be
  };
  std::vector<Required> required_;
  std::vector<ColumnState> columns_;
  std::unordered_map<std::string, int, Hash, std::equal_to<>> by_folded_name_;
  std::unordered_map<std::string, Key, Hash, std::equal_to<>> keys_;
  std::vector<Expected> expected_;  // keys of the row before: most rows have the same in the same order
  std::map<std::string, std::int64_t> unknown_keys_;

  // Of the line at hand:
  std::int64_t line_ = 0;
  std::size_t columns_before_ = 0;
  std::vector<std::string_view> new_keys_;
  std::vector<int> touched_;   // columns, each once
  std::vector<Key*> unknown_;  // keys without a column, each once
  std::string unescaped_;      // column texts point into it: never grows beyond its reserve
};

}  // namespace rtl::decode
