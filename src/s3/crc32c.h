// CRC32C (Castagnoli), as S3's x-amz-checksum-crc32c has it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rtl::s3 {

// Of `bytes` after those that gave `before`.
std::uint32_t Crc32c(std::string_view bytes, std::uint32_t before = 0);

std::string Base64(std::string_view bytes);
std::string Crc32cBase64(std::string_view bytes);  // big-endian, base64: the header's form

}  // namespace rtl::s3
