// One version of one file: fetched, decoded, encoded, put. Nothing is committed here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "delta/schema.h"
#include "flow/source_object.h"
#include "load/decisions.h"
#include "load/file_columns.h"
#include "load/options.h"
#include "load/table_set.h"
#include "load/worker_pool.h"
#include "store/object_store.h"

namespace arrow {
class RecordBatch;
}

namespace rtl::load {

struct LoadInputs {
  store::ObjectStore& source;
  const TableSet& tables;
  const Options& options;
  std::string settings;  // fingerprint of options that decide between loaded and held or failed
  WorkerPool& decoders;  // decode slices of large files
  const Clock& clock;
};

// How a file is to be read, beyond what the options say.
struct LoadRequest {
  // Its rows in the snapshot are not what they should be: they are written anew, and where the object still
  // is what the ledger says was loaded, under the same file_version and not into raw, which has it.
  bool repair = false;
  bool packed = false;  // the snapshot's layout: see FileLoad::rows
};

struct FileLoad {
  ReadOutcome read;
  std::int64_t file_version = 0;                        // written into the rows; 0 when none were
  std::vector<delta::Field> fields;                     // data columns of the files
  std::shared_ptr<const encode::StoredColumns> stored;  // how the files have them
  std::int64_t blank_lines = 0;
  // Packed layout: the rows of a small file, with the loader's columns, to be put together with others' when
  // they are committed. Then read.adds is empty.
  std::vector<std::shared_ptr<arrow::RecordBatch>> rows;
  std::int64_t rows_bytes = 0;  // that they hold in memory
};

// Reads the object at exactly its version. `account` is what the ledger says of the key at the task's base;
// `columns` are the table's. Data files are put to the snapshot's folder, and to raw's, under new
// names.
//   kConflict, kNotFound   the object is no longer at that version: plan the key again
//   other errors           the tables' store refuses or the loader is at its bounds: stop
// What is wrong with the file itself, or with reading it, is an outcome (kFailed), not an error.
Result<FileLoad> LoadFile(const LoadInputs& inputs, const SourceObject& object, const KeyAccount& account,
                          const FileColumns& columns, const LoadRequest& request = {});

// "a1b2c3d4": of the guards, bounds and columns in force.
std::string SettingsFingerprint(const Options& options);

}  // namespace rtl::load
