// Fixed-width little endian numbers in byte strings, whatever the machine's own order.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rtl::delta {

// `bytes` must have sizeof(Number) bytes from `offset` on.
template <std::unsigned_integral Number>
Number LoadLittleEndian(std::string_view bytes, std::size_t offset) {
  std::uint64_t number = 0;
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    number = number << 8 | static_cast<unsigned char>(bytes[offset + i]);
  }
  return static_cast<Number>(number);
}

template <std::unsigned_integral Number>
void AppendLittleEndian(std::string& bytes, Number number) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) bytes += static_cast<char>(number >> (8 * i) & 0xff);
}

}  // namespace rtl::delta
