// Reads a long range of an object by several requests at once, all of one version.
#pragma once

#include <cstdint>

#include "s3/s3_client.h"

namespace rtl::s3 {

// Errors as S3Client::GetObject; kConflict also when a request that was not pinned found the object changed
// between two parts. The answer is whole, or it is an error.
Result<store::Object> GetInParts(S3Client& client, S3Client::GetRequest request, std::int64_t part_bytes,
                                 int parallel_parts);

}  // namespace rtl::s3
