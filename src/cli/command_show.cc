#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <limits>
#include <memory>

#include "cli/commands.h"
#include "cli/display_text.h"
#include "cli/paths.h"
#include "cli/row_values.h"
#include "delta/predicate_parser.h"
#include "delta/table.h"
#include "delta/table_reader.h"
#include "delta/time_text.h"

namespace rtl::cli {
namespace fs = std::filesystem;
namespace {

bool IsTable(const fs::path& folder) {
  std::error_code error;
  return fs::is_directory(folder / "_delta_log", error);
}

std::unexpected<Error> NoTable(const fs::path& folder) {
  std::vector<std::string> inside;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (IsTable(at->path())) inside.push_back(at->path().filename().string());
  }
  std::sort(inside.begin(), inside.end());
  std::string names;
  for (const std::string& name : inside) names += (names.empty() ? "" : ", ") + name;
  return Fail(ErrorKind::kBadConfig,
              fmt::format("{}: is not a table (it has no _delta_log){}", folder.string(),
                          inside.empty() ? "; give a table's folder" : "; tables in it: " + names));
}

// A folder or s3:// prefix as it is given; else a name below tables.root.
Result<std::string> FolderOf(const Invocation& invocation) {
  const bool is_name = invocation.table.find('/') == std::string::npos;
  std::string path = invocation.table;
  if (is_name && !invocation.config.tables.empty() && !IsTable(path)) {
    path = Below(invocation.config.tables, path);
  }
  if (IsS3(path)) return path;  // the table's log says whether it is one
  RTL_TRY(std::string folder, ResolveExistingFolder(path, "the table"));
  if (!IsTable(folder)) return NoTable(folder);
  return folder;
}

Result<std::vector<delta::Field>> FieldsOf(const delta::TableState& state,
                                           const std::vector<std::string>& wanted) {
  if (wanted.empty()) return state.metadata.schema.fields;
  std::vector<delta::Field> fields;
  for (const std::string& name : wanted) {
    const delta::Field* field = state.metadata.schema.Find(name);
    if (field == nullptr) {
      std::string all;
      for (const delta::Field& f : state.metadata.schema.fields) all += (all.empty() ? "" : ", ") + f.name;
      return Fail(ErrorKind::kBadConfig,
                  fmt::format("--columns: there is no column {}; the table has {}", name, all));
    }
    fields.push_back(*field);
  }
  return fields;
}

bool IsNumber(const std::string& type) {
  return type == "long" || type == "integer" || type == "short" || type == "byte" || type == "double" ||
         type == "float" || type.starts_with("decimal");
}

// A condition that is wrong is shown, with a mark below the place, before the error says why.
Result<std::shared_ptr<const delta::Predicate>> ConditionOf(const Invocation& invocation,
                                                            const delta::TableState& state,
                                                            const Environment& environment) {
  if (invocation.where.empty()) return nullptr;
  auto condition = delta::ParsePredicate(invocation.where, state);
  if (condition) return std::make_shared<delta::Predicate>(std::move(*condition));
  const std::string& message = condition.error().message();
  const std::size_t mark = message.rfind('\n');
  const std::size_t text = mark == std::string::npos ? mark : message.rfind('\n', mark - 1);
  if (text == std::string::npos) return Fail(condition.error().Wrap("--where"));
  environment.err.write(
      fmt::format("{}\n{}\n", OneLine(message.substr(text + 1, mark - text - 1)), message.substr(mark + 1)));
  return Fail(condition.error().kind(), fmt::format("--where: {}", message.substr(0, text)));
}

Result<std::optional<delta::Version>> VersionOf(const Invocation& invocation, const delta::Table& table) {
  if (invocation.at_time.empty()) return invocation.at;
  const auto time = delta::ParseTime(invocation.at_time);
  if (!time) {
    return Fail(
        ErrorKind::kBadConfig,
        fmt::format(
            "--timestamp: '{}' is not a time such as 2026-01-31 12:00:00 or 2026-01-31T12:00:00+02:00",
            OneLine(invocation.at_time)));
  }
  RTL_TRY(const delta::Version version, table.VersionAt(Timestamp(std::chrono::microseconds(time->micros))));
  return version;
}

// Takes rows until the limit is reached or a stop is asked for.
class RowSink {
 public:
  RowSink(const Invocation& invocation, const Environment& environment,
          const std::vector<delta::Field>& fields)
      : json_(invocation.json),
        left_(invocation.limit > 0 ? invocation.limit : std::numeric_limits<std::int64_t>::max()),
        environment_(environment),
        fields_(fields),
        printer_(Headings(fields), {.width = environment.out.width, .colour = environment.out.colour},
                 [this](std::string_view text) { Write(text); }) {}

  bool full() const { return left_ == 0; }
  bool more() const { return more_; }

  Result<> Take(const ::arrow::RecordBatch& batch) {
    for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
      if (environment_.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
      if (full()) {
        more_ = true;
        return Fail(ErrorKind::kCancelled, "enough");
      }
      --left_;
      json_ ? WriteObject(batch, row) : Print(batch, row);
    }
    return {};
  }

  void Finish() {
    if (!json_) printer_.Finish();
    Flush();
  }

 private:
  static std::vector<ColumnHeading> Headings(const std::vector<delta::Field>& fields) {
    std::vector<ColumnHeading> headings;
    headings.reserve(fields.size());
    for (const delta::Field& field : fields) headings.push_back({OneLine(field.name), IsNumber(field.type)});
    return headings;
  }

  void WriteObject(const ::arrow::RecordBatch& batch, std::int64_t row) {
    JsonWriter json;
    json.BeginObject();
    for (int c = 0; c < batch.num_columns(); ++c) {
      json.Key(ToValidUtf8(fields_[static_cast<std::size_t>(c)].name));
      WriteJsonValue(json, *batch.column(c), row);
    }
    json.EndObject();
    Write(std::move(json).Take() + "\n");
  }

  void Write(std::string_view text) {
    constexpr std::size_t kWorthACall = 64 << 10;
    unwritten_ += text;
    if (unwritten_.size() >= kWorthACall) Flush();
  }

  void Flush() {
    environment_.out.write(unwritten_);
    unwritten_.clear();
  }

  void Print(const ::arrow::RecordBatch& batch, std::int64_t row) {
    std::vector<Cell> cells;
    cells.reserve(static_cast<std::size_t>(batch.num_columns()));
    for (int c = 0; c < batch.num_columns(); ++c) cells.push_back(CellOf(*batch.column(c), row));
    printer_.Add(std::move(cells));
  }

  const bool json_;
  std::int64_t left_;
  bool more_ = false;
  const Environment& environment_;
  const std::vector<delta::Field>& fields_;
  std::string unwritten_;
  TablePrinter printer_;
};

}  // namespace

Result<int> RunShow(const Invocation& invocation, const Environment& environment) {
  RTL_TRY(const std::string folder, FolderOf(invocation));
  RTL_TRY(const auto store,
          environment.open_store(folder, false, Merged(invocation.config.s3, invocation.config.tables_s3)));
  const delta::Table table(*store, "");
  RTL_TRY(const auto version, VersionOf(invocation, table));
  RTL_TRY(const delta::TableState state, table.Load(version));
  RTL_CHECK(delta::CheckReadable(state.protocol, state.metadata));
  RTL_TRY(const std::vector<delta::Field> fields, FieldsOf(state, invocation.columns));
  delta::TableReadOptions options;
  options.partition_zone = invocation.partition_zone;
  RTL_TRY(options.where, ConditionOf(invocation, state, environment));
  for (const delta::Field& field : fields) options.columns.push_back(field.name);
  if (invocation.limit > 0 && !options.where) {
    options.batch_rows = std::min(options.batch_rows, invocation.limit + 1);
  }

  RowSink sink(invocation, environment, fields);
  const auto read = delta::ReadTable(
      table, state, options,
      [&](const delta::Add&, const ::arrow::RecordBatch& batch) { return sink.Take(batch); });
  if (!read && !sink.more()) return Fail(read.error());
  sink.Finish();
  if (sink.more() && !invocation.json) {
    environment.err.write(
        fmt::format("the first {} rows; --limit N shows more, --limit 0 all\n", invocation.limit));
  }
  return kExitOk;
}

}  // namespace rtl::cli
