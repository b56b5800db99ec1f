#include "decode/row_columns.h"

#include <fmt/format.h>

#include "decode/json_string.h"
#include "decode/typed_value.h"

namespace rtl::decode {
namespace {

// A longer key is a mistake that would stay in the schema for ever.
constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kMaxUnknownKeys = 1000;

// For reasons: the beginning of a text, cut between characters.
std::string Shortened(std::string_view text) {
  constexpr std::size_t kShown = 40;
  if (text.size() <= kShown) return std::string(text);
  std::size_t cut = kShown;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return std::string(text.substr(0, cut)) + "...";
}

}  // namespace

RowColumns::RowColumns(const NdjsonOptions& options)
    : pinned_(!options.pinned.empty()),
      max_columns_(static_cast<std::size_t>(std::max(options.max_columns, 0))) {
  for (const Column& column : pinned_ ? options.pinned : options.known) AddColumn(column);
  known_ = columns_.size();
  for (const std::string& name : options.required) {
    const auto column = by_folded_name_.find(FoldCase(name));
    required_.push_back({name, column == by_folded_name_.end() ? Key::kUnknown : column->second});
  }
}

int RowColumns::AddColumn(Column column) {
  const int index = static_cast<int>(columns_.size());
  by_folded_name_.emplace(FoldCase(column.name), index);
  columns_.emplace_back(std::move(column));
  return index;
}

RowColumns::Expected RowColumns::FindKey(const JsonMember& member) {
  if (const auto found = keys_.find(member.key); found != keys_.end()) return {found->first, &found->second};
  const auto [entry, inserted] = keys_.emplace(member.key, Key{});
  new_keys_.push_back(entry->first);
  Key& key = entry->second;
  if (!member.key_escaped) {
    key.name = member.key;
  } else if (!AppendUnescaped(key.name, member.key)) {
    key.refused = fmt::format("key \"{}\": a lone surrogate is no text", Shortened(member.key));
    return {entry->first, &key};
  }
  key.folded = FoldCase(key.name);
  std::string name = ColumnNameFor(key.name);
  if (const auto column = by_folded_name_.find(FoldCase(name)); column != by_folded_name_.end()) {
    key.column = column->second;
  } else if (pinned_) {
    key.column = Key::kUnknown;
  } else if (name.size() > kMaxNameBytes) {
    key.refused = fmt::format("key \"{}\": {} bytes long, a column's name has at most {}",
                              Shortened(key.name), name.size(), kMaxNameBytes);
  } else if (columns_.size() >= max_columns_) {
    key.refused = fmt::format("key \"{}\": would be a column more than the {} allowed", Shortened(key.name),
                              max_columns_);
  } else {
    key.column = AddColumn({std::move(name), ColumnType::kString});
  }
  return {entry->first, &key};
}

// Which column each member belongs to; of a key that is repeated the last one.
std::string RowColumns::Resolve(const std::vector<JsonMember>& members) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    const JsonMember& member = members[i];
    Key* key = nullptr;
    if (i < expected_.size() && expected_[i].text == member.key) {
      key = expected_[i].key;
    } else {
      const Expected found = FindKey(member);
      key = found.key;
      if (i < expected_.size()) {
        expected_[i] = found;
      } else if (i == expected_.size()) {
        expected_.push_back(found);
      }
    }
    if (!key->refused.empty()) return key->refused;
    if (key->column == Key::kUnknown) {
      if (key->seen_in != line_) unknown_.push_back(key);
      key->seen_in = line_;
      continue;
    }
    ColumnState& state = columns_[static_cast<std::size_t>(key->column)];
    if (state.seen_in != line_) {
      state.seen_in = line_;
      touched_.push_back(key->column);
    } else if (state.key->folded != key->folded) {
      return fmt::format("keys \"{}\" and \"{}\" are both column {}", Shortened(state.key->name),
                         Shortened(key->name), state.column.name);
    }
    state.key = key;
    state.member = i;
  }
  return {};
}

std::string RowColumns::Convert(ColumnState& state, const JsonMember& member) {
  state.is_null = member.kind == JsonKind::kNull;
  if (state.is_null) return {};
  state.text = member.value;
  if (member.value_escaped) {
    const std::size_t start = unescaped_.size();
    if (!AppendUnescaped(unescaped_, member.value)) {
      return fmt::format("column {}: a lone surrogate in \"{}\" is no text", state.column.name,
                         Shortened(member.value));
    }
    state.text = std::string_view(unescaped_).substr(start);
  }
  bool fits = true;
  switch (state.column.type) {
    case ColumnType::kString:
      return {};
    case ColumnType::kBigint: {
      const auto value = ToBigint(member.kind, state.text);
      fits = value.has_value();
      state.bigint = value.value_or(0);
      break;
    }
    case ColumnType::kDouble: {
      const auto value = ToDouble(member.kind, state.text);
      fits = value.has_value();
      state.number = value.value_or(0);
      break;
    }
    case ColumnType::kBoolean: {
      const auto value = ToBoolean(member.kind, state.text);
      fits = value.has_value();
      state.boolean = value.value_or(false);
      break;
    }
    case ColumnType::kForeign:
      return fmt::format("column {}: the table has it with a type that rows are not loaded into",
                         state.column.name);
  }
  if (fits) return {};
  const std::string_view quote = member.kind == JsonKind::kString ? "\"" : "";
  return fmt::format("column {}: {}{}{} is no {}", state.column.name, quote, Shortened(member.value), quote,
                     TypeName(state.column.type));
}

std::string RowColumns::NonePinned(const std::vector<JsonMember>& members) const {
  constexpr std::size_t kShownKeys = 10;
  std::string seen;
  for (std::size_t i = 0; i < members.size() && i < kShownKeys; ++i) {
    seen += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", Shortened(members[i].key));
  }
  if (members.size() > kShownKeys) seen += ", ...";
  return fmt::format("no pinned column in it; keys: {}", members.empty() ? "none" : seen);
}

// Why the line cannot be a row: a required column has no value in it.
std::string RowColumns::Lacking() const {
  for (const Required& required : required_) {
    const ColumnState* state =
        required.column == Key::kUnknown ? nullptr : &columns_[static_cast<std::size_t>(required.column)];
    if (state != nullptr && state->seen_in == line_ && !state->is_null) continue;
    return fmt::format("column {} is NOT NULL in the table, and the row has no value for it{}", required.name,
                       state == nullptr ? " (it is not among the columns that are loaded)" : "");
  }
  return {};
}

void RowColumns::CountUnknown() {
  for (const Key* key : unknown_) {
    auto found = unknown_keys_.find(key->name);
    if (found == unknown_keys_.end()) {
      const bool room = unknown_keys_.size() < kMaxUnknownKeys;
      found = unknown_keys_.emplace(room ? key->name : "(further keys)", 0).first;
    }
    ++found->second;
  }
}

void RowColumns::Append(std::int64_t row, double progress) {
  for (const int index : touched_) {
    ColumnState& state = columns_[static_cast<std::size_t>(index)];
    if (state.column.type == ColumnType::kForeign) continue;  // null: the file leaves it out
    state.occurs = true;
    if (state.is_null) continue;
    switch (state.column.type) {
      case ColumnType::kString:
        state.buffer.AppendString(row, state.text, progress);
        break;
      case ColumnType::kBigint:
        state.buffer.AppendBigint(row, state.bigint);
        break;
      case ColumnType::kDouble:
        state.buffer.AppendDouble(row, state.number);
        break;
      case ColumnType::kBoolean:
        state.buffer.AppendBoolean(row, state.boolean);
        break;
      case ColumnType::kForeign:
        break;
    }
  }
}

// A rejected line leaves no column and no key behind.
void RowColumns::ForgetLine() {
  if (new_keys_.empty()) return;
  expected_.clear();
  for (const std::string_view text : new_keys_) keys_.erase(keys_.find(text));
  while (columns_.size() > columns_before_) {
    by_folded_name_.erase(FoldCase(columns_.back().column.name));
    columns_.pop_back();
  }
}

std::string RowColumns::AddRow(const std::vector<JsonMember>& members, std::int64_t row, double progress) {
  ++line_;
  columns_before_ = columns_.size();
  new_keys_.clear();
  touched_.clear();
  unknown_.clear();
  unescaped_.clear();
  std::size_t escaped_bytes = 0;
  for (const JsonMember& member : members) escaped_bytes += member.value_escaped ? member.value.size() : 0;
  unescaped_.reserve(escaped_bytes);

  std::string reason = Resolve(members);
  if (reason.empty() && pinned_ && touched_.empty()) reason = NonePinned(members);
  for (std::size_t i = 0; i < touched_.size() && reason.empty(); ++i) {
    ColumnState& state = columns_[static_cast<std::size_t>(touched_[i])];
    reason = Convert(state, members[state.member]);
  }
  if (reason.empty() && !required_.empty()) reason = Lacking();
  if (!reason.empty()) {
    ForgetLine();
    return reason;
  }
  CountUnknown();
  Append(row, progress);
  return {};
}

std::shared_ptr<arrow::RecordBatch> RowColumns::Finish(std::int64_t rows) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (ColumnState& state : columns_) {
    if (!state.occurs) continue;
    fields.push_back(arrow::field(state.column.name, ArrowType(state.column.type)));
    arrays.push_back(state.buffer.Finish(rows));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(arrays));
}

}  // namespace rtl::decode
