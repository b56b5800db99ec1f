// Decoding and encoding, one core. decode_bench --benchmark_filter=...
#include <arrow/record_batch.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "decode/line_source.h"
#include "decode/ndjson.h"
#include "encode/parquet_encoder.h"

namespace {

using namespace rtl;

// Rows as customers write them, about 340 bytes each.
std::string CustomerRows(int rows) {
  std::string out;
  for (int i = 0; i < rows; ++i) {
    out += fmt::format(
        R"({{"wid":"{:08}","ut_id":"u{}","json_data":{{"name":"Customer {}","email":"c{}@example.com","balance":{}.{:02},"active":{},"tags":["alpha","beta","g{}"],"address":{{"street":"{} Main Street","city":"Springfield","zip":"{:05}","geo":{{"lat":{}.12345,"lon":-{}.54321}}}},"history":[{{"t":{},"v":1.5}},{{"t":{},"v":2.25}}],"note":"lorem ipsum dolor sit amet {}"}}}})",
        i, i * 7919 % 100003, i, i, i * 37 % 100000, i % 100, i % 3 == 0, i % 17, i % 999, i % 100000, i % 90,
        i % 180, 1700000000 + i, 1700000500 + i, i);
    out += '\n';
  }
  return out;
}

std::vector<std::string> Slices(const std::string& text, std::size_t size) {
  std::vector<std::string> slices;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + size >= text.size() ? text.size() : text.find('\n', i + size) + 1;
    slices.push_back(text.substr(i, end - i));
    i = end;
  }
  return slices;
}

void Decode(benchmark::State& state) {
  const std::string text = CustomerRows(100'000);
  const auto slices = Slices(text, 4 << 20);
  for (auto _ : state) {
    for (const auto& slice : slices) {
      auto decoded = decode::DecodeNdjson(slice, {});
      if (!decoded || !decoded->rejects.empty()) std::abort();
      benchmark::DoNotOptimize(decoded);
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(Decode)->Unit(benchmark::kMillisecond);

void Encode(benchmark::State& state) {
  const std::string text = CustomerRows(100'000);
  std::vector<DecodedSlice> slices;
  for (const auto& slice : Slices(text, 4 << 20)) slices.push_back(*decode::DecodeNdjson(slice, {}));
  std::size_t size = 0;
  for (auto _ : state) {
    encode::RowEncoder encoder({"customer-1.txt", "etag", 1, FromMicros(1)},
                               [&](EncodedFile file) -> Result<> {
                                 size = file.bytes.size();
                                 return {};
                               });
    for (const auto& slice : slices) {
      if (!encoder.Append(slice)) std::abort();
    }
    if (!encoder.Finish()) std::abort();
  }
  state.counters["parquet_bytes"] = static_cast<double>(size);
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(Encode)->Unit(benchmark::kMillisecond);

void DecodeSmallFile(benchmark::State& state) {
  const std::string text = CustomerRows(20);
  for (auto _ : state) benchmark::DoNotOptimize(decode::DecodeNdjson(text, {}));
}
BENCHMARK(DecodeSmallFile)->Unit(benchmark::kMicrosecond);

void EncodeSmallFile(benchmark::State& state) {
  const auto slice = decode::DecodeNdjson(CustomerRows(20), {});
  for (auto _ : state) {
    encode::RowEncoder encoder({"customer-1.txt", "etag", 1, FromMicros(1)},
                               [&](EncodedFile file) -> Result<> {
                                 benchmark::DoNotOptimize(file);
                                 return {};
                               });
    if (!encoder.Append(*slice) || !encoder.Finish()) std::abort();
  }
}
BENCHMARK(EncodeSmallFile)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
