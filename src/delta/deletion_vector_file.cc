#include "delta/deletion_vector_file.h"

#include <zlib.h>

#include <limits>
#include <utility>

#include "core/uuid.h"
#include "delta/deletion_vector_path.h"
#include "delta/z85.h"

namespace rtl::delta {
namespace {

constexpr char kFileVersion = 1;
constexpr std::size_t kFramingBytes = 8;  // size and checksum
constexpr std::size_t kMaxBytes = std::numeric_limits<std::int32_t>::max();

void AppendBigEndian(std::string& bytes, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xff);
}

}  // namespace

DeletionVectorFile::DeletionVectorFile(DeletionVectorFileOptions options)
    : options_(std::move(options)), bytes_(1, kFileVersion) {
  const std::string uuid = NewUuid();
  path_ = DeletionVectorPath(options_.prefix, uuid);
  encoded_path_ = EncodedDeletionVectorPath(options_.prefix, uuid);
}

Result<DeletionVectorDescriptor> DeletionVectorFile::Add(const DeletionVector& vector) {
  const std::string data = vector.Serialize();
  if (data.size() + kFramingBytes > kMaxBytes - bytes_.size()) {
    return Fail(ErrorKind::kResourceExhausted, "a deletion vector file of more than 2 GiB");
  }
  DeletionVectorDescriptor descriptor{.size_in_bytes = static_cast<std::int32_t>(data.size()),
                                      .cardinality = vector.Cardinality()};
  if (descriptor.size_in_bytes <= options_.inline_up_to) {
    descriptor.storage_type = 'i';
    descriptor.path_or_inline = EncodeZ85(data);
    return descriptor;
  }
  descriptor.storage_type = 'u';
  descriptor.path_or_inline = encoded_path_;
  descriptor.offset = static_cast<std::int32_t>(bytes_.size());
  AppendBigEndian(bytes_, static_cast<std::uint32_t>(data.size()));
  bytes_ += data;
  const uLong crc = crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(data.data()), data.size());
  AppendBigEndian(bytes_, static_cast<std::uint32_t>(crc));
  return descriptor;
}

}  // namespace rtl::delta
