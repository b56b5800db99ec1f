// Which table features a table supports, and which of them are active (protocol: "Table Features", "Supported
// Features", "Active Features").
#pragma once

#include <string_view>

#include "delta/actions.h"

namespace rtl::delta {

// Whether writers must respect the feature: it is listed in writerFeatures, or the legacy writer version
// brings it along (protocol: "Writer Version Requirements").
bool Supports(const Protocol& protocol, std::string_view feature);

// Supported, and the metadata asks for it. A feature that has no metadata of its own is active where it is
// supported.
bool IsActive(const Protocol& protocol, const Metadata& metadata, std::string_view feature);

// Declares a feature that readers must know too. A legacy protocol first becomes one of features, with what
// its versions stood for (protocol: "Table Features", "Writer Version Requirements").
void AddReaderWriterFeature(Protocol& protocol, std::string_view feature);

// A key of a column's metadata that begins so, columns within nested types included.
bool AnyColumnHas(const Schema& schema, std::string_view key);

}  // namespace rtl::delta
