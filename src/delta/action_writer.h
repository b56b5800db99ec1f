// Actions as JSON objects, without the name that stands before them in a commit.
#pragma once

#include "core/json_writer.h"
#include "delta/actions.h"

namespace rtl::delta {

void WriteObject(JsonWriter& json, const Protocol& protocol);
void WriteObject(JsonWriter& json, const Metadata& metadata);
void WriteObject(JsonWriter& json, const Txn& txn);
void WriteObject(JsonWriter& json, const DomainMetadata& domain);

}  // namespace rtl::delta
