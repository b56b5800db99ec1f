#include "delta/roaring_check.h"

#include <fmt/format.h>

#include <bit>

#include "delta/little_endian.h"

namespace rtl::delta {
namespace {

constexpr std::uint32_t kCookieWithoutRuns = 12346;
constexpr std::uint32_t kCookieWithRuns = 12347;
constexpr std::uint32_t kMaxContainers = 1 << 16;
constexpr std::uint32_t kMaxArray = 4096;     // values; more make a bitset
constexpr std::uint32_t kFewContainers = 4;   // with runs, fewer have no offsets
constexpr std::size_t kBitsetBytes = 8192;    // of 2^16 bits
constexpr std::size_t kDescriptionBytes = 4;  // of a container: key, count - 1
constexpr std::size_t kOffsetBytes = 4;
constexpr std::size_t kRunBytes = 4;  // start, length - 1

Error TooShort() {
  return {ErrorKind::kBadData, "it ends inside a Roaring bitmap"};
}

// One container: where it lies and how many values it must have.
struct Container {
  std::string_view rest;  // the bytes from its begin on
  std::uint32_t count = 0;
};

// What was found of a container.
struct Found {
  std::size_t bytes = 0;
  std::uint16_t last = 0;
};

Result<Found> CheckArray(const Container& container) {
  const std::size_t size = container.count * sizeof(std::uint16_t);
  if (container.rest.size() < size) return Fail(TooShort());
  auto last = LoadLittleEndian<std::uint16_t>(container.rest, 0);
  for (std::size_t at = sizeof(std::uint16_t); at < size; at += sizeof(std::uint16_t)) {
    const auto value = LoadLittleEndian<std::uint16_t>(container.rest, at);
    if (value <= last) return Fail(ErrorKind::kBadData, "values of a container do not ascend");
    last = value;
  }
  return Found{.bytes = size, .last = last};
}

Result<Found> CheckBitset(const Container& container) {
  if (container.rest.size() < kBitsetBytes) return Fail(TooShort());
  Found found{.bytes = kBitsetBytes};
  std::uint32_t count = 0;
  for (std::size_t at = 0; at < kBitsetBytes; at += sizeof(std::uint64_t)) {
    const auto word = LoadLittleEndian<std::uint64_t>(container.rest, at);
    if (word == 0) continue;
    count += static_cast<std::uint32_t>(std::popcount(word));
    found.last = static_cast<std::uint16_t>(at * 8 + 63 - std::countl_zero(word));
  }
  if (count != container.count) {
    return Fail(ErrorKind::kBadData,
                fmt::format("a container has {} values where {} are said", count, container.count));
  }
  return found;
}

Result<Found> CheckRuns(const Container& container) {
  if (container.rest.size() < sizeof(std::uint16_t)) return Fail(TooShort());
  const std::size_t runs = LoadLittleEndian<std::uint16_t>(container.rest, 0);
  const std::size_t size = sizeof(std::uint16_t) + runs * kRunBytes;
  if (container.rest.size() < size) return Fail(TooShort());
  std::uint32_t count = 0;
  std::uint32_t end = 0;  // of the runs so far, exclusive
  for (std::size_t at = sizeof(std::uint16_t); at < size; at += kRunBytes) {
    const auto start = LoadLittleEndian<std::uint16_t>(container.rest, at);
    const auto more = LoadLittleEndian<std::uint16_t>(container.rest, at + 2);
    if (start < end) return Fail(ErrorKind::kBadData, "runs of a container do not ascend");
    end = std::uint32_t{start} + more + 1;
    if (end > kMaxContainers) return Fail(ErrorKind::kBadData, "a run leads out of its container");
    count += std::uint32_t{more} + 1;
  }
  if (count != container.count) {
    return Fail(ErrorKind::kBadData,
                fmt::format("a container's runs hold {} values where {} are said", count, container.count));
  }
  return Found{.bytes = size, .last = static_cast<std::uint16_t>(end - 1)};
}

// The part before the containers.
struct Header {
  std::uint32_t containers = 0;
  std::string_view run_flags;  // a bit for each container; empty when none has runs
  std::string_view descriptions;
  std::string_view offsets;  // empty when there are none
  std::size_t bytes = 0;

  bool HasRuns(std::uint32_t i) const {
    return !run_flags.empty() && (static_cast<unsigned char>(run_flags[i / 8]) >> (i % 8) & 1) != 0;
  }
};

Result<Header> ReadHeader(std::string_view bytes) {
  if (bytes.size() < sizeof(std::uint32_t)) return Fail(TooShort());
  const auto cookie = LoadLittleEndian<std::uint32_t>(bytes, 0);
  Header header{.bytes = sizeof(std::uint32_t)};
  const auto take = [&](std::string_view& part, std::size_t size) {
    if (bytes.size() - header.bytes < size) return false;
    part = bytes.substr(header.bytes, size);
    header.bytes += size;
    return true;
  };
  bool has_offsets = true;
  if (cookie == kCookieWithoutRuns) {
    std::string_view count;
    if (!take(count, sizeof(std::uint32_t))) return Fail(TooShort());
    header.containers = LoadLittleEndian<std::uint32_t>(count, 0);
    if (header.containers > kMaxContainers) {
      return Fail(ErrorKind::kBadData, fmt::format("a bitmap of {} containers", header.containers));
    }
  } else if ((cookie & 0xffff) == kCookieWithRuns) {
    header.containers = (cookie >> 16) + 1;
    has_offsets = header.containers >= kFewContainers;
    if (!take(header.run_flags, (header.containers + 7) / 8)) return Fail(TooShort());
  } else {
    return Fail(ErrorKind::kBadData, fmt::format("no Roaring bitmap begins with {:#x}", cookie));
  }
  if (!take(header.descriptions, header.containers * kDescriptionBytes)) return Fail(TooShort());
  if (has_offsets && !take(header.offsets, header.containers * kOffsetBytes)) return Fail(TooShort());
  return header;
}

}  // namespace

Result<RoaringExtent> CheckRoaring(std::string_view bytes) {
  RTL_TRY(const Header header, ReadHeader(bytes));
  RoaringExtent extent{.bytes = header.bytes};
  std::int32_t last_key = -1;
  for (std::uint32_t i = 0; i < header.containers; ++i) {
    const std::int32_t key = LoadLittleEndian<std::uint16_t>(header.descriptions, i * kDescriptionBytes);
    if (key <= last_key) return Fail(ErrorKind::kBadData, "keys of containers do not ascend");
    last_key = key;
    // Readers that keep the bytes go by the offsets, others by the order: both must find the same.
    if (!header.offsets.empty() &&
        LoadLittleEndian<std::uint32_t>(header.offsets, i * kOffsetBytes) != extent.bytes) {
      return Fail(ErrorKind::kBadData, "a container does not lie where its offset says");
    }
    const std::uint32_t count =
        LoadLittleEndian<std::uint16_t>(header.descriptions, i * kDescriptionBytes + 2) + std::uint32_t{1};
    const Container container{.rest = bytes.substr(extent.bytes), .count = count};
    RTL_TRY(const Found found, header.HasRuns(i)    ? CheckRuns(container)
                               : count <= kMaxArray ? CheckArray(container)
                                                    : CheckBitset(container));
    extent.bytes += found.bytes;
    extent.cardinality += count;
    extent.last = static_cast<std::uint32_t>(key) << 16 | found.last;
  }
  return extent;
}

}  // namespace rtl::delta
