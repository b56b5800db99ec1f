// Checksums and digests in the forms in which S3 sends and takes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rtl::s3 {

// CRC32C (Castagnoli) of `bytes` after those that gave `before`.
std::uint32_t Crc32c(std::string_view bytes, std::uint32_t before = 0);

std::string Md5(std::string_view bytes);     // raw
std::string Sha256(std::string_view bytes);  // raw
std::string Base64(std::string_view bytes);
std::string Crc32cBase64(std::string_view bytes);  // big-endian, base64: the header's form

}  // namespace rtl::s3
