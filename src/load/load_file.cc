#include "load/load_file.h"

#include <arrow/array/array_base.h>
#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <future>
#include <map>
#include <optional>

#include "core/hash.h"
#include "core/uuid.h"
#include "decode/line_source.h"
#include "decode/ndjson.h"
#include "discover/utf8_name.h"
#include "encode/parquet_encoder.h"
#include "load/pinned_reader.h"

namespace rtl::load {
namespace {

// A smaller slice is decoded where it was cut: handing it over would cost more.
constexpr std::size_t kSliceWorthAThread = 256 << 10;
// Rows of more bytes than that are worth a file of their own, packed layout or not.
constexpr std::int64_t kPackedBytes = 8 << 20;
// Of slices cut and not yet taken up: long lines make long slices.
constexpr std::size_t kMaxPendingBytes = 32 << 20;

// Errors in reading the source that concern this file alone.
bool IsFilesOwn(ErrorKind kind) {
  return kind == ErrorKind::kBadData || kind == ErrorKind::kPermissionDenied ||
         kind == ErrorKind::kUnavailable || kind == ErrorKind::kResourceExhausted ||
         kind == ErrorKind::kUnsupported;
}

std::string TypeName(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return "boolean";
    case arrow::Type::INT64:
      return "long";
    case arrow::Type::DOUBLE:
      return "double";
    default:
      return "string";
  }
}

// Rows of a packed table's file are kept for the commit while they are few; else they become files of their
// own.
class RowWriter {
 public:
  RowWriter(const encode::RowOrigin& origin, std::int64_t gather_bytes, encode::RowEncoder::Sink sink,
            encode::EncodeOptions options)
      : origin_(origin), gather_bytes_(gather_bytes), encoder_(origin, std::move(sink), std::move(options)) {}

  Result<> Append(const DecodedSlice& slice) {
    if (gather_bytes_ == 0) return encoder_.Append(slice);
    if (slice.rows == nullptr || slice.rows->num_rows() == 0) return {};
    slices_.push_back(slice.rows);
    for (const auto& column : slice.rows->columns()) {
      for (const auto& buffer : column->data()->buffers) gathered_bytes_ += buffer ? buffer->size() : 0;
    }
    return gathered_bytes_ > gather_bytes_ ? StopGathering() : Result<>();
  }

  Result<> Finish() {
    for (const auto& rows : slices_) {
      RTL_TRY(gathered_.emplace_back(), origin_.AddTo(*rows));
    }
    slices_.clear();
    return encoder_.Finish();
  }

  std::vector<std::shared_ptr<arrow::RecordBatch>> TakeGathered() { return std::move(gathered_); }
  std::int64_t gathered_bytes() const { return gather_bytes_ == 0 ? 0 : gathered_bytes_; }

 private:
  Result<> StopGathering() {
    gather_bytes_ = 0;
    for (auto& rows : slices_) {
      DecodedSlice slice;
      slice.rows = std::move(rows);
      RTL_CHECK(encoder_.Append(slice));
    }
    slices_.clear();
    return {};
  }

  encode::OriginColumns origin_;
  std::int64_t gather_bytes_;
  std::int64_t gathered_bytes_ = 0;
  encode::RowEncoder encoder_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> slices_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> gathered_;
};

class Loading {
 public:
  Loading(const LoadInputs& inputs, const SourceObject& object, const KeyAccount& account,
          const FileColumns& columns, bool packed)
      : in_(inputs),
        packed_(packed),
        object_(object),
        file_version_(NextFileVersion(account)),
        started_(inputs.clock.Now()),
        stored_(columns.stored),
        piece_bytes_(inputs.source.Traits().read_bytes),
        reader_(inputs.source, object, piece_bytes_) {
    ndjson_.pinned = in_.options.pinned_columns;
    ndjson_.known = columns.data;
    ndjson_.required = columns.required;
    ndjson_.max_columns = in_.options.max_columns;
    entry().source_file = object.source_file;
    entry().key = object.key;
    entry().version = object.version;
    entry().size = object.size;
    entry().uploaded_at = object.uploaded_at;
    entry().ingest_time = started_;
  }

  // Rows that the snapshot should have and has not, as the ledger's last entry tells them.
  Result<FileLoad> Repair(const LedgerEntry& last) {
    auto same = last.hash ? HashEquals(*last.hash) : Result<bool>(false);
    if (!same) return Ended(same.error());
    if (*same) {
      file_version_ = last.file_version;
      load_.read.repairs = true;
    }
    return Load();
  }

  Result<FileLoad> Run(const std::optional<FileTag>& rows_tag) {
    // The same bytes again? Only a file of the same size can be; a small one is read once for both questions.
    if (rows_tag && rows_tag->size == object_.size) {
      auto same = HashEquals(rows_tag->hash);
      if (!same) return Ended(same.error());
      if (*same) {
        entry().outcome = EntryOutcome::kUnchanged;
        return Finish();
      }
    }
    return Load();
  }

 private:
  LedgerEntry& entry() { return load_.read.entry; }

  Result<FileLoad> Load() {
    if (auto done = DecodeAndPut(); !done) return Ended(done.error());
    ApplyGuards(in_.options.guard, load_.read);
    if (entry().outcome == EntryOutcome::kHeld) {
      entry().settings = in_.settings;
      load_.rows.clear();
      load_.rows_bytes = 0;
    }
    return Finish();
  }

  Result<FileLoad> Finish() {
    entry().duration_ms = std::max<std::int64_t>(
        0, std::chrono::duration_cast<std::chrono::milliseconds>(in_.clock.Now() - started_).count());
    return std::move(load_);
  }

  Result<FileLoad> Ended(const Error& error) {
    if (put_error_) return Fail(*put_error_);
    if (!IsFilesOwn(error.kind())) return Fail(error);
    const LedgerEntry before = entry();
    load_ = FileLoad{};
    LedgerEntry& failed = entry();
    failed.source_file = before.source_file;
    failed.key = before.key;
    failed.version = before.version;
    failed.size = before.size;
    failed.uploaded_at = before.uploaded_at;
    failed.ingest_time = before.ingest_time;
    failed.outcome = EntryOutcome::kFailed;
    failed.error = discover::EscapeInvalidUtf8(error.message());  // it may quote the file
    failed.transient = !lasting_;
    failed.settings = in_.settings;
    return Finish();
  }

  Result<bool> HashEquals(const ContentHash& expected) {
    PinnedReader reader(in_.source, object_, piece_bytes_);
    std::string whole;
    for (;;) {
      RTL_TRY(std::string piece, reader.Next());
      if (piece.empty()) break;
      if (object_.size <= piece_bytes_) whole = std::move(piece);
    }
    entry().hash = reader.hash();
    entry().version = reader.version();
    if (object_.size <= piece_bytes_) at_hand_ = std::move(whole);
    return reader.hash() == expected;
  }

  // The object's next bytes, from memory where they were read already.
  Result<std::string> NextPiece() {
    if (at_hand_) {
      std::string piece = std::move(*at_hand_);
      at_hand_ = std::string();
      return piece;
    }
    if (first_) {
      std::string piece = std::move(*first_);
      first_.reset();
      return piece;
    }
    return reader_.Next();
  }

  Result<> DecodeAndPut() {
    // The first bytes come before the first row: they may tell the version_id, which rows carry.
    if (!at_hand_) {
      auto first = reader_.Next();
      read_failed_ = !first;
      if (!first) return Fail(first.error());
      first_ = std::move(*first);
      entry().version = reader_.version();
    }
    const encode::RowOrigin origin{object_.source_file, entry().version.Name(), file_version_, started_};
    RowWriter rows(origin, packed_ && !load_.read.repairs ? kPackedBytes : 0,
                   [this](EncodedFile file) { return PutRows(std::move(file)); }, {.stored = stored_});
    encode::RejectEncoder rejects(origin, [this](EncodedFile file) { return PutRejects(std::move(file)); });

    decode::SliceOptions slices;
    slices.max_line_bytes = in_.options.max_line_bytes;
    slices.max_decompressed_bytes = in_.options.max_decompressed_bytes;
    decode::LineSource lines(
        [&]() -> Result<std::string> {
          auto piece = NextPiece();
          read_failed_ = read_failed_ || !piece;
          return piece;
        },
        slices);

    const std::size_t ahead = static_cast<std::size_t>(in_.decoders.threads()) + 1;
    bool more = true;
    while (more || !pending_.empty()) {
      while (more && pending_.size() < ahead && pending_bytes_ < kMaxPendingBytes) {
        auto slice = lines.Next();
        if (!slice) {
          lasting_ = !read_failed_;  // then it is the content: damaged compression, or a bound
          Drain();
          return Fail(slice.error());
        }
        more = slice->has_value();
        if (more) Decode(std::move(**slice));
      }
      if (pending_.empty()) break;
      Pending next = std::move(pending_.front());
      pending_.pop_front();
      pending_bytes_ -= next.bytes;
      auto taken = Take(next, rows, rejects);
      if (!taken) {
        Drain();
        return taken;
      }
    }
    RTL_CHECK(rows.Finish());
    load_.rows = rows.TakeGathered();
    load_.rows_bytes = rows.gathered_bytes();
    RTL_CHECK(rejects.Finish());

    if (!entry().hash) {
      // What the decoder did not ask for (the rest after its last byte) still belongs to the object's hash.
      for (;;) {
        RTL_TRY(const std::string piece, NextPiece());
        if (piece.empty()) break;
      }
      entry().hash = reader_.hash();
      entry().version = reader_.version();
    }
    load_.read.empty = entry().row_count == 0 && entry().rejected_count == 0;
    load_.read.lines = entry().row_count + entry().rejected_count;
    load_.file_version = load_.read.adds.empty() && load_.rows.empty() ? 0 : file_version_;
    for (const auto& [name, type] : types_) load_.fields.push_back({name, type});
    load_.stored = stored_;
    NoteUnknownKeys();
    return {};
  }

  struct Pending {
    std::future<Result<DecodedSlice>> slice;
    std::int64_t byte_offset = 0;
    std::size_t bytes = 0;
  };

  void Decode(decode::Slice slice) {
    Pending pending;
    pending.byte_offset = slice.byte_offset;
    pending.bytes = slice.bytes.size();
    pending_bytes_ += pending.bytes;
    if (slice.bytes.size() < kSliceWorthAThread) {
      std::promise<Result<DecodedSlice>> done;
      done.set_value(decode::DecodeNdjson(slice.bytes, ndjson_));
      pending.slice = done.get_future();
    } else {
      pending.slice = in_.decoders.Submit(
          [this, bytes = std::move(slice.bytes)] { return decode::DecodeNdjson(bytes, ndjson_); });
    }
    pending_.push_back(std::move(pending));
  }

  // Decoders use this object: none may be left running when it goes.
  void Drain() {
    for (Pending& pending : pending_) pending.slice.wait();
    pending_.clear();
    pending_bytes_ = 0;
  }

  Result<> Take(Pending& pending, RowWriter& rows, encode::RejectEncoder& rejects) {
    RTL_TRY(DecodedSlice slice, pending.slice.get());
    for (RejectedLine& reject : slice.rejects) {
      reject.line_number += lines_before_;
      reject.byte_offset += pending.byte_offset;
    }
    lines_before_ += slice.lines;
    entry().row_count += slice.row_count;
    entry().rejected_count += static_cast<std::int64_t>(slice.rejects.size());
    load_.blank_lines += slice.blank_lines;
    for (const auto& [key, count] : slice.unknown_keys) unknown_keys_[key] += count;
    if (slice.rows) RTL_CHECK(TakeColumns(slice));
    RTL_CHECK(rows.Append(slice));
    if (in_.options.quarantine) RTL_CHECK(rejects.Append(slice.rejects));
    return {};
  }

  // Slices are decoded apart: what one spells another way than an earlier one gets the earlier one's
  // spelling.
  Result<> TakeColumns(DecodedSlice& slice) {
    arrow::FieldVector fields = slice.rows->schema()->fields();
    bool renamed = false;
    for (auto& field : fields) {
      const auto [known, is_new] = spelling_.try_emplace(decode::FoldCase(field->name()), field->name());
      if (is_new) {
        types_.emplace_back(field->name(), TypeName(*field->type()));
      } else if (known->second != field->name()) {
        field = field->WithName(known->second);
        renamed = true;
      }
    }
    if (static_cast<int>(types_.size()) > in_.options.max_columns) {
      lasting_ = true;
      return Fail(
          ErrorKind::kResourceExhausted,
          fmt::format(
              "{} has more than rows.max_columns = {} different keys; raise it, or pin the columns with "
              "rows.schema",
              object_.key, in_.options.max_columns));
    }
    if (renamed) {
      slice.rows =
          arrow::RecordBatch::Make(arrow::schema(fields), slice.rows->num_rows(), slice.rows->columns());
    }
    return {};
  }

  Result<> PutRows(EncodedFile file) {
    const std::string path = NewPath();
    const delta::Table* raw = load_.read.repairs ? nullptr : in_.tables.Find(Role::kRaw);
    // Over a network the second put waits beside the first one.
    const bool together = raw != nullptr && in_.tables.snapshot.store().Traits().remote;
    std::future<Result<>> raw_put;
    if (together) raw_put = std::async(std::launch::async, [&] { return PutTo(*raw, path, file); });
    auto put = PutTo(in_.tables.snapshot, path, file);
    if (raw != nullptr) {
      auto second = together ? raw_put.get() : put ? PutTo(*raw, path, file) : Result<>();
      if (put) put = std::move(second);
      entry().raw_paths.push_back(path);
    }
    if (!put) put_error_ = put.error();
    RTL_CHECK(put);
    delta::Add add;
    add.path = path;
    add.size = static_cast<std::int64_t>(file.bytes.size());
    add.modification_time_ms = MillisSinceEpoch(in_.clock.Now());
    add.stats = std::move(file.stats);
    load_.read.adds.push_back(std::move(add));
    load_.read.file_rows.push_back(file.rows);
    return {};
  }

  Result<> PutRejects(EncodedFile file) {
    const delta::Table* quarantine = in_.tables.Find(Role::kQuarantine);
    if (quarantine == nullptr) return {};
    const std::string path = NewPath();
    auto put = PutTo(*quarantine, path, file);
    if (!put) put_error_ = put.error();
    RTL_CHECK(put);
    entry().quarantine_files.push_back(
        {path, static_cast<std::int64_t>(file.bytes.size()), file.rows, std::move(file.stats)});
    return {};
  }

  static Result<> PutTo(const delta::Table& table, const std::string& path, const EncodedFile& file) {
    auto put = table.store().Put(table.DataKey(path), file.bytes);
    if (!put) return Fail(put.error().Wrap(fmt::format("writing {} into {}", path, table.Uri())));
    return put;
  }

  // A hash of the key first: spreads names in a store, and groups a key's files in a listing.
  std::string NewPath() const {
    return fmt::format("{:08x}-{}.parquet", HashKey(object_.source_file) >> 32, NewUuid());
  }

  void NoteUnknownKeys() {
    if (unknown_keys_.empty()) return;
    std::string note = "keys without a pinned column were not loaded:";
    int listed = 0;
    for (const auto& [key, count] : unknown_keys_) {
      if (++listed > 10) {
        note += fmt::format(" and {} more", unknown_keys_.size() - 10);
        break;
      }
      note += fmt::format("{} {} ({} rows)", listed == 1 ? "" : ",", key, count);
    }
    entry().error = note;
  }

  const LoadInputs& in_;
  bool packed_;
  const SourceObject& object_;
  std::int64_t file_version_;
  Timestamp started_;
  std::shared_ptr<const encode::StoredColumns> stored_;
  decode::NdjsonOptions ndjson_;
  FileLoad load_;
  std::optional<std::string> at_hand_;  // a small object's bytes, already read and hashed
  std::int64_t piece_bytes_;
  PinnedReader reader_;
  std::optional<std::string> first_;  // the reader's first piece, not yet decoded
  std::deque<Pending> pending_;
  std::size_t pending_bytes_ = 0;
  bool read_failed_ = false;
  bool lasting_ = false;  // a failure that the same bytes will always give, not a shortage that passes
  std::int64_t lines_before_ = 0;
  std::vector<std::pair<std::string, std::string>> types_;  // column, Delta type; in order of appearance
  std::map<std::string, std::string> spelling_;             // folded name -> column
  std::map<std::string, std::int64_t> unknown_keys_;
  std::optional<Error> put_error_;  // of the tables' store, told apart from the source's on the way up
};

}  // namespace

Result<FileLoad> LoadFile(const LoadInputs& inputs, const SourceObject& object, const KeyAccount& account,
                          const FileColumns& columns, const LoadRequest& request) {
  Loading loading(inputs, object, account, columns, request.packed && !request.repair);
  const auto& last = account.last;
  const bool loaded =
      last && (last->outcome == EntryOutcome::kLoaded || last->outcome == EntryOutcome::kUnchanged);
  if (request.repair) return loaded ? loading.Repair(*last) : loading.Run(std::nullopt);
  return loading.Run(RowsTag(account));
}

bool InShard(const Options& options, std::string_view source_file) {
  return options.shards <= 1 || HashKey(source_file) % static_cast<std::uint64_t>(options.shards) ==
                                    static_cast<std::uint64_t>(options.shard);
}

std::string SettingsFingerprint(const Options& options) {
  std::string text = fmt::format("{}|{}|{}|{}|{}", options.guard.allow_empty, options.guard.max_rejected,
                                 options.max_columns, options.max_line_bytes, options.max_decompressed_bytes);
  for (const decode::Column& column : options.pinned_columns) {
    text += fmt::format("|{}:{}", column.name, static_cast<int>(column.type));
  }
  return fmt::format("{:08x}", HashKey(text) >> 32);
}

}  // namespace rtl::load
