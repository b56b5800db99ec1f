#include "load/entry_report.h"

#include <utility>

#include "discover/utf8_name.h"

namespace rtl::load {

FileReport ToReport(const LedgerEntry& entry) {
  FileReport report;
  report.source_file = entry.source_file;
  switch (entry.outcome) {
    case EntryOutcome::kLoaded:
      report.outcome = entry.replaced ? Outcome::kReplaced : Outcome::kLoaded;
      break;
    case EntryOutcome::kUnchanged:
      report.outcome = Outcome::kUnchanged;
      break;
    case EntryOutcome::kDeleted:
      report.outcome = Outcome::kDeleted;
      break;
    case EntryOutcome::kHeld:
      report.outcome = Outcome::kHeld;
      break;
    case EntryOutcome::kFailed:
      report.outcome = Outcome::kFailed;
      break;
  }
  report.file_version = entry.file_version;
  report.bytes = entry.size;
  report.rows = entry.row_count;
  report.rejected = entry.rejected_count;
  report.error = entry.error;
  return report;
}

LedgerEntry FailedEntry(const SourceObject& object, const Error& error, std::string settings, Timestamp now) {
  LedgerEntry entry;
  entry.source_file = object.source_file;
  entry.key = discover::EscapeInvalidUtf8(object.key);
  entry.version = object.version;
  entry.size = object.size;
  entry.uploaded_at = object.uploaded_at;
  entry.outcome = EntryOutcome::kFailed;
  entry.error = discover::EscapeInvalidUtf8(error.message());
  entry.transient = error.kind() != ErrorKind::kBadData;
  entry.settings = std::move(settings);
  entry.ingest_time = now;
  return entry;
}

}  // namespace rtl::load
