// Writes deletion vectors: several into one file, small ones inline (protocol: "Deletion Vector File Storage
// Format", "Deletion Vector Descriptor Schema").
#pragma once

#include <cstdint>
#include <string>

#include "core/error.h"
#include "delta/deletion_vector.h"
#include "delta/deletion_vector_descriptor.h"

namespace rtl::delta {

struct DeletionVectorFileOptions {
  // Vectors of at most so many bytes stand in the log itself, where every reader of the log carries them
  // along.
  std::int32_t inline_up_to = 0;
  std::string prefix;  // a folder of letters and digits below the table's (delta.randomizeFilePrefixes)
};

// Holds the file's bytes until they are put; the descriptors are valid once that is done. Files are written
// once, under a new name, before the commit that refers to them. Not for several threads at once.
class DeletionVectorFile {
 public:
  explicit DeletionVectorFile(DeletionVectorFileOptions options = {});

  // kResourceExhausted when the file would grow beyond what an offset can say (2 GiB): begin another.
  Result<DeletionVectorDescriptor> Add(const DeletionVector& vector);

  bool empty() const { return bytes_.size() <= 1; }  // no file need be put: all are inline
  const std::string& path() const { return path_; }  // below the table's folder; new with every object
  const std::string& bytes() const { return bytes_; }

 private:
  DeletionVectorFileOptions options_;
  std::string path_;
  std::string encoded_path_;
  std::string bytes_;
};

}  // namespace rtl::delta
