// Paths in file actions. In the log a path is a URI (RFC 2396), relative to the table or absolute; in values
// it is decoded (protocol: "Add File and Remove File").
#pragma once

#include <string>
#include <string_view>

namespace rtl::delta {

std::string DecodePath(std::string_view uri);  // a '%' that begins no escape stays as it is
std::string EncodePath(std::string_view path);

// "file:/x", "s3://bucket/x", "/x": such a file need not lie in the table's folder.
bool IsAbsolutePath(std::string_view path);

// True when any segment is "." or "..": a store's key never has one.
bool HasDotSegment(std::string_view path);

// What a logical file is known by in the state: "/x", "file:/x" and "file:///x" are the same file.
std::string FileKey(std::string_view path);

}  // namespace rtl::delta
