#include "delta/deletion_vector_path.h"

#include <fmt/format.h>

#include <cstddef>

#include "delta/data_path.h"
#include "delta/z85.h"
#include "store/object_key.h"

namespace rtl::delta {
namespace {

constexpr std::size_t kEncodedUuid = 20;  // characters: 16 bytes in Z85

int HexValue(char digit) {
  return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

std::string UuidBytes(std::string_view uuid) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < uuid.size(); i += 2) {
    if (uuid[i] == '-') ++i;
    bytes += static_cast<char>(HexValue(uuid[i]) << 4 | HexValue(uuid[i + 1]));
  }
  return bytes;
}

std::string UuidText(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", static_cast<unsigned char>(bytes[i]));
  }
  return text;
}

Result<std::string> RelativePath(std::string_view encoded) {
  if (encoded.size() < kEncodedUuid) {
    return Fail(ErrorKind::kBadData, fmt::format("deletion vector {} names no UUID", encoded));
  }
  const std::size_t prefix = encoded.size() - kEncodedUuid;
  const auto uuid = DecodeZ85(encoded.substr(prefix));
  if (!uuid) return Fail(uuid.error().Wrap(fmt::format("deletion vector {}", encoded)));
  std::string path = DeletionVectorPath(encoded.substr(0, prefix), UuidText(*uuid));
  if (IsAbsolutePath(path) || HasDotSegment(path)) {
    return Fail(ErrorKind::kBadData,
                fmt::format("deletion vector {} leads out of the table's folder", encoded));
  }
  return path;
}

}  // namespace

Result<std::string> DeletionVectorPath(const DeletionVectorDescriptor& descriptor) {
  switch (descriptor.storage_type) {
    case 'u':
      return RelativePath(descriptor.path_or_inline);
    case 'p': {
      std::string path = DecodePath(descriptor.path_or_inline);
      if (IsAbsolutePath(path)) return path;
      return Fail(ErrorKind::kBadData,
                  fmt::format("deletion vector path {} is not absolute", descriptor.path_or_inline));
    }
    case 'i':
      return Fail(ErrorKind::kBadData, "an inline deletion vector lies in no file");
    default:
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("deletion vector storage type {}",
                              store::PrintableKey(std::string(1, descriptor.storage_type))));
  }
}

std::string DeletionVectorPath(std::string_view prefix, std::string_view uuid) {
  return fmt::format("{}{}deletion_vector_{}.bin", prefix, prefix.empty() ? "" : "/", uuid);
}

std::string EncodedDeletionVectorPath(std::string_view prefix, std::string_view uuid) {
  return fmt::format("{}{}", prefix, EncodeZ85(UuidBytes(uuid)));
}

}  // namespace rtl::delta
