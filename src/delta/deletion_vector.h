// Deletion vectors: which rows of a data file are no longer in the table (protocol: "Deletion Vectors",
// "Deletion Vector Format", "Deletion Vector File Storage Format").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "delta/deletion_vector_descriptor.h"
#include "delta/row_set.h"

namespace rtl::delta {

class Table;

// The bytes of a vector, as they stand in its file or, encoded, inline. kBadData for what is no vector: every
// length is checked before it is used, so hostile bytes are an error like any others.
Result<RowSet> ParseDeletionVector(std::string_view bytes);
std::string SerializeDeletionVector(const RowSet& rows);

// Z85 (ZeroMQ RFC 32). Encoding pads nothing: `bytes` must be a multiple of 4 long. kBadData for other
// characters and for lengths that are no multiple of 5.
std::string EncodeZ85(std::string_view bytes);
Result<std::string> DecodeZ85(std::string_view text);

// The file of a 'u' or 'p' descriptor: below the table's folder, or absolute and not decoded.
Result<std::string> DeletionVectorPath(const DeletionVectorDescriptor& vector);

// Reads the vector wherever it is and checks it against its descriptor. kBadData, naming the file, when they
// disagree or the checksum is wrong; kNotFound when the file is gone.
Result<RowSet> ReadDeletionVector(const Table& table, const DeletionVectorDescriptor& vector);

// Several vectors in one file.
class DeletionVectorFile {
 public:
  DeletionVectorFile();

  // Appends one, and tells its descriptor, which is valid once the file has been put.
  DeletionVectorDescriptor Add(const RowSet& rows);

  bool empty() const { return bytes_.size() == 1; }
  const std::string& path() const { return path_; }  // below the table's folder
  const std::string& bytes() const { return bytes_; }

 private:
  std::string uuid_bytes_;
  std::string path_;
  std::string bytes_;
};

}  // namespace rtl::delta
