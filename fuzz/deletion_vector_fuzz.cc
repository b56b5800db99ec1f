// Bytes of others as a deletion vector: by itself, in a file that a descriptor of others leads to, and
// inline.
#include <algorithm>
#include <bit>
#include <limits>
#include <string>

#include "delta/deletion_vector_path.h"
#include "delta/deletion_vector_reader.h"
#include "delta/path_in_store.h"
#include "delta/z85.h"
#include "fuzz_target.h"
#include "store/memory_store.h"

namespace {

using namespace rtl;
using delta::DeletionVector;
using delta::DeletionVectorDescriptor;

// However it was held before, it is the same set of rows after.
void ExpectConsistent(const DeletionVector& vector) {
  const std::int64_t count = vector.Cardinality();
  RTL_MUST_HOLD(count >= 0);
  RTL_MUST_HOLD((count == 0) == vector.empty());
  const std::string bytes = vector.Serialize();
  const auto read = DeletionVector::Parse(bytes);
  RTL_MUST_HOLD(read && *read == vector && read->Serialize() == bytes);
  DeletionVector merged = vector;
  merged.MergeWith(*read);
  RTL_MUST_HOLD(merged == vector);
  if (count > 0) RTL_MUST_HOLD(vector.Contains(*vector.MaxRow()));

  constexpr std::int64_t kBatch = 20'000;
  const std::int64_t first = std::max<std::int64_t>(0, vector.MaxRow().value_or(0) - kBatch / 2);
  const std::int64_t rows = std::min(kBatch, std::numeric_limits<std::int64_t>::max() - first);
  std::int64_t kept = 0;
  for (const delta::RowRange& range : vector.KeptRanges(first, rows)) kept += range.count;
  RTL_MUST_HOLD(kept + vector.CountIn(first, rows) == rows);
  std::int64_t bits = 0;
  for (const std::uint8_t byte : vector.KeptBitmap(first, rows)) bits += std::popcount(byte);
  RTL_MUST_HOLD(bits == kept);

  // A run of 65,536 rows takes four bytes: only what is small is walked through.
  if (count > 100'000) return;
  std::int64_t last = -1;
  std::int64_t found = 0;
  vector.ForEach([&](std::int64_t row) {
    RTL_MUST_HOLD(row > last);
    last = row;
    ++found;
  });
  RTL_MUST_HOLD(found == count);
}

void ReadInFile(fuzz::Input input) {
  DeletionVectorDescriptor descriptor;
  descriptor.storage_type = static_cast<char>(input.Take<std::uint8_t>());
  if (input.Take<std::uint8_t>() != 0) descriptor.offset = input.Take<std::int32_t>();
  descriptor.size_in_bytes = input.Take<std::int32_t>();
  descriptor.cardinality = input.Take<std::uint16_t>();
  descriptor.path_or_inline = input.Text(input.Take<std::uint8_t>());
  store::MemoryStore store;
  if (const auto path = delta::DeletionVectorPath(descriptor)) {
    const auto key = delta::KeyInStore(store, "t", *path);
    if (key) RTL_MUST_HOLD(store.Put(*key, input.Rest()).has_value());
  }
  const auto vector = delta::ReadDeletionVector(store, "t", descriptor, 1000);
  if (!vector) return;
  RTL_MUST_HOLD(vector->Cardinality() == descriptor.cardinality);
  RTL_MUST_HOLD(vector->MaxRow().value_or(0) < 1000);
}

void ReadInline(std::string_view text) {
  const auto bytes = delta::DecodeZ85(text);
  if (!bytes) return;
  if (bytes->size() % 4 == 0) RTL_MUST_HOLD(delta::EncodeZ85(*bytes) == text);
  const auto vector = DeletionVector::Parse(*bytes);
  if (!vector) return;
  store::MemoryStore store;
  const DeletionVectorDescriptor descriptor{.storage_type = 'i',
                                            .path_or_inline = std::string(text),
                                            .size_in_bytes = static_cast<std::int32_t>(bytes->size()),
                                            .cardinality = vector->Cardinality()};
  const auto read = delta::ReadDeletionVector(store, "", descriptor);
  RTL_MUST_HOLD(read && *read == *vector);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  switch (input.Take<std::uint8_t>()) {
    case 'v':
      if (const auto vector = DeletionVector::Parse(input.Rest())) ExpectConsistent(*vector);
      break;
    case 'f':
      ReadInFile(input);
      break;
    case 'i':
      ReadInline(input.Rest());
      break;
    default:
      break;
  }
  return 0;
}
