// Ledger entries as the reports of loader.h say them, and entries for what could not be read.
#pragma once

#include <string>

#include "core/error.h"
#include "flow/source_object.h"
#include "load/ledger_entry.h"
#include "load/loader.h"

namespace rtl::load {

FileReport ToReport(const LedgerEntry& entry);

// The object could not be loaded for a reason that is its own; transient unless it is bad data.
LedgerEntry FailedEntry(const SourceObject& object, const Error& error, std::string settings, Timestamp now);

}  // namespace rtl::load
