// The two kinds of checkpoint we write.
#pragma once

#include "core/error.h"
#include "core/time.h"
#include "delta/checkpoint_hint.h"
#include "delta/table.h"

namespace rtl::delta {

// `head` is the table at the version to be written, without its files; they are read from the log.

// One file, classic-named (protocol: "V1 Spec"). Its bytes are held until it is put.
Result<WrittenCheckpoint> WriteV1Checkpoint(const Table& table, const TableState& head, Timestamp now);

// UUID-named, in Parquet, its files in sidecars (protocol: "V2 Spec"). Where an older checkpoint of ours is
// there, sidecars none of whose files or tombstones changed since are referred to again; what is held are the
// actions of the commits after that one and a few sidecars.
Result<WrittenCheckpoint> WriteV2Checkpoint(const Table& table, const TableState& head, Timestamp now);

// Which the table asks for (table property delta.checkpointPolicy; protocol: "V2 Checkpoint Table Feature").
bool AsksForV2(const TableState& head);

}  // namespace rtl::delta
