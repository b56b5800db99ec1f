#include "delta/deletion_vector_reader.h"

#include <fmt/format.h>
#include <zlib.h>

#include <string>

#include "delta/deletion_vector_path.h"
#include "delta/path_in_store.h"
#include "delta/z85.h"
#include "store/object_key.h"

namespace rtl::delta {
namespace {

constexpr char kFileVersion = 1;
constexpr std::int64_t kFieldBytes = 4;  // the size before the data, the checksum after it
// A vector that ends before this is fetched together with the file's version: less than another request.
constexpr std::int64_t kFetchedFromStart = 64 << 10;

std::uint32_t LoadBigEndian(std::string_view bytes) {
  std::uint32_t number = 0;
  for (const char byte : bytes.substr(0, sizeof(number)))
    number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

Result<> CheckFileVersion(std::string_view file) {
  if (file.empty()) return Fail(ErrorKind::kBadData, "the file is empty");
  if (file[0] == kFileVersion) return {};
  return Fail(ErrorKind::kUnsupported,
              fmt::format("file format version {}", static_cast<unsigned char>(file[0])));
}

Result<std::string> GetPart(store::ObjectStore& store, std::string_view key, std::int64_t offset,
                            std::int64_t length) {
  store::GetOptions options;
  options.range = {.offset = offset, .length = length};
  RTL_TRY(store::Object object, store.Get(key, options));
  return std::move(object.bytes);
}

// The vector's size field, data and checksum.
Result<std::string> GetBlock(store::ObjectStore& store, std::string_view key,
                             const DeletionVectorDescriptor& descriptor) {
  const std::int64_t offset = descriptor.offset.value_or(0);
  const std::int64_t length = kFieldBytes + descriptor.size_in_bytes + kFieldBytes;
  if (offset < 1) return Fail(ErrorKind::kBadData, "where it should begin the file has its version");
  std::string block;
  if (offset + length <= kFetchedFromStart) {
    RTL_TRY(std::string file, GetPart(store, key, 0, offset + length));
    RTL_CHECK(CheckFileVersion(file));
    block = std::move(file).erase(0, static_cast<std::size_t>(offset));
  } else {
    RTL_TRY(const std::string begin, GetPart(store, key, 0, 1));
    RTL_CHECK(CheckFileVersion(begin));
    RTL_TRY(block, GetPart(store, key, offset, length));
  }
  if (static_cast<std::int64_t>(block.size()) != length)
    return Fail(ErrorKind::kBadData, "the file ends inside it");
  return block;
}

Result<DeletionVector> ReadFromFile(store::ObjectStore& store, std::string_view key,
                                    const DeletionVectorDescriptor& descriptor) {
  RTL_TRY(const std::string block, GetBlock(store, key, descriptor));
  if (const std::uint32_t size = LoadBigEndian(block);
      size != static_cast<std::uint32_t>(descriptor.size_in_bytes)) {
    return Fail(ErrorKind::kBadData, fmt::format("the file says that it has {} bytes, the log {}", size,
                                                 descriptor.size_in_bytes));
  }
  const std::string_view data =
      std::string_view(block).substr(kFieldBytes, static_cast<std::size_t>(descriptor.size_in_bytes));
  const std::string_view checksum = std::string_view(block).substr(kFieldBytes + data.size());
  const uLong crc =
      crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(data.begin()), data.size());
  if (crc != LoadBigEndian(checksum)) return Fail(ErrorKind::kBadData, "its checksum is wrong");
  return DeletionVector::Parse(data);
}

Result<DeletionVector> ReadInline(const DeletionVectorDescriptor& descriptor) {
  RTL_TRY(const std::string bytes, DecodeZ85(descriptor.path_or_inline));
  // The last group may be filled with up to three bytes that are not the vector's.
  const std::size_t size = static_cast<std::uint32_t>(descriptor.size_in_bytes);
  if (size > bytes.size() || bytes.size() - size > 3) {
    return Fail(ErrorKind::kBadData, fmt::format("{} bytes stand where sizeInBytes says {}", bytes.size(),
                                                 descriptor.size_in_bytes));
  }
  return DeletionVector::Parse(std::string_view(bytes).substr(0, size));
}

Result<DeletionVector> Checked(Result<DeletionVector> vector, const DeletionVectorDescriptor& descriptor,
                               std::optional<std::int64_t> num_records) {
  if (vector) RTL_CHECK(vector->CheckAgainst(descriptor.cardinality, num_records));
  return vector;
}

}  // namespace

Result<DeletionVector> ReadDeletionVector(store::ObjectStore& store, std::string_view table_path,
                                          const DeletionVectorDescriptor& descriptor,
                                          std::optional<std::int64_t> num_records) {
  const bool is_inline = descriptor.storage_type == 'i';
  std::string name = "inline deletion vector";
  std::string key;
  if (!is_inline) {
    RTL_TRY(const std::string path, DeletionVectorPath(descriptor));
    RTL_TRY(key, KeyInStore(store, table_path, path));
    name =
        fmt::format("deletion vector at {} of {}", descriptor.offset.value_or(0), store::PrintableKey(key));
  }
  if (descriptor.size_in_bytes < 0 || descriptor.offset.value_or(0) < 0) {
    return Fail(ErrorKind::kBadData, fmt::format("{}: a negative size or offset", name));
  }
  auto vector = Checked(is_inline ? ReadInline(descriptor) : ReadFromFile(store, key, descriptor), descriptor,
                        num_records);
  if (!vector) return Fail(vector.error().Wrap(name));
  return vector;
}

}  // namespace rtl::delta
