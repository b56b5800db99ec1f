#include "decode/line_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>
#include <vector>

namespace rtl::decode {
namespace {

using testing::HasSubstr;

std::string Gzip(std::string_view text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

LineSource::Read Pieces(std::string bytes, std::size_t size) {
  return [bytes = std::move(bytes), size, at = std::size_t{0}]() mutable -> Result<std::string> {
    std::string piece = bytes.substr(at, size);
    at += piece.size();
    return piece;
  };
}

// All slices; checks what is true of any.
Result<std::vector<Slice>> Slices(const std::string& bytes, std::size_t piece, SliceOptions options = {}) {
  LineSource source(Pieces(bytes, piece), options);
  std::vector<Slice> slices;
  for (;;) {
    auto slice = source.Next();
    if (!slice) return Fail(slice.error());
    if (!*slice) break;
    EXPECT_FALSE((*slice)->bytes.empty());
    slices.push_back(std::move(**slice));
  }
  for (std::size_t i = 0; i < slices.size(); ++i) {
    if (i + 1 < slices.size()) {
      EXPECT_EQ(slices[i].bytes.back(), '\n');
      EXPECT_EQ(slices[i].byte_offset + static_cast<std::int64_t>(slices[i].bytes.size()),
                slices[i + 1].byte_offset);
    }
    if (static_cast<std::int64_t>(slices[i].bytes.size()) > options.slice_bytes) {
      EXPECT_LE(std::count(slices[i].bytes.begin(), slices[i].bytes.end(), '\n'), 1);
    }
  }
  return slices;
}

std::string Joined(const std::string& bytes, std::size_t piece, SliceOptions options = {}) {
  const auto slices = Slices(bytes, piece, options);
  if (!slices) return "error: " + slices.error().message();
  std::string out;
  for (const Slice& slice : *slices) out += slice.bytes;
  return out;
}

ErrorKind KindOf(const std::string& bytes, SliceOptions options = {}) {
  const auto slices = Slices(bytes, 7, options);
  EXPECT_FALSE(slices.has_value());
  return slices ? ErrorKind::kInternal : slices.error().kind();
}

const std::string kText = "{\"a\":1}\n\n{\"a\":\"a longer line than the others\"}\r\n\n\n{\"b\":2}";

TEST(LineSource, EverySliceAndPieceSizeGivesTheSameBytes) {
  for (const std::string& stored : {kText, Gzip(kText), Zstd(kText)}) {
    for (std::size_t piece = 1; piece <= stored.size() + 1; ++piece) {
      for (const std::int64_t slice : {1, 2, 8, 9, 10, 30, 1000}) {
        ASSERT_EQ(Joined(stored, piece, {.slice_bytes = slice}), kText) << piece << " " << slice;
      }
    }
  }
}

TEST(LineSource, EmptyFilesHaveNoSlice) {
  for (const std::string& stored : {std::string(), Gzip(""), Zstd(""), std::string("\xEF\xBB\xBF")}) {
    const auto slices = Slices(stored, 5);
    ASSERT_TRUE(slices.has_value());
    EXPECT_TRUE(slices->empty());
  }
}

TEST(LineSource, AByteOrderMarkIsTakenOffOnceAndCounted) {
  const std::string marked =
      "\xEF\xBB\xBF"
      "a\n\xEF\xBB\xBF"
      "b\n";
  for (const std::string& stored : {marked, Gzip(marked), Zstd(marked)}) {
    for (const std::size_t piece : {1, 2, 100}) {
      const auto slices = Slices(stored, piece, {.slice_bytes = 2});
      ASSERT_TRUE(slices.has_value());
      ASSERT_EQ(slices->size(), 2u);
      EXPECT_EQ((*slices)[0].bytes, "a\n");
      EXPECT_EQ((*slices)[0].byte_offset, 3);
      EXPECT_EQ((*slices)[1].bytes,
                "\xEF\xBB\xBF"
                "b\n");
    }
  }
}

TEST(LineSource, SeveralMembersAndFrames) {
  const std::string skippable("\x50\x2A\x4D\x18\x03\0\0\0abc", 11);
  EXPECT_EQ(Joined(Gzip("a\n") + Gzip("") + Gzip("b\n"), 3), "a\nb\n");
  EXPECT_EQ(Joined(Gzip("a\n") + std::string(700, '\0'), 3), "a\n");
  EXPECT_EQ(Joined(Zstd("a\n") + Zstd("") + skippable + Zstd("b\n"), 3), "a\nb\n");
  EXPECT_EQ(Joined(skippable + Zstd("a\n"), 3), "a\n");
}

TEST(LineSource, CutOrDamagedCompressionFailsTheFile) {
  for (const std::string& stored :
       {Gzip(kText), Zstd(kText), Gzip(kText) + Gzip(kText), Zstd(kText) + Zstd(kText)}) {
    const std::size_t one = stored.size();
    for (std::size_t size = kText.empty() ? 0 : 10; size < one; ++size) {
      if (size * 2 == one) continue;  // just the first of the two
      EXPECT_EQ(KindOf(stored.substr(0, size)), ErrorKind::kBadData) << size;
    }
    EXPECT_EQ(KindOf(stored + "x"), ErrorKind::kBadData);
  }
  std::string damaged = Gzip(kText);
  damaged[damaged.size() - 6] ^= 1;  // its checksum
  EXPECT_EQ(KindOf(damaged), ErrorKind::kBadData);
  EXPECT_EQ(KindOf(Gzip("a\n") + std::string(5, '\0') + "x"), ErrorKind::kBadData);
}

TEST(LineSource, OtherFormatsAreNamed) {
  for (const auto& [bytes, name] :
       {std::pair(std::string("PK\x03\x04 and so on"), "zip"),
        std::pair(std::string("\xFD"
                              "7zXZ\0\0\0",
                              8),
                  "xz"),
        std::pair(std::string("BZh91AY&SY..."), "bzip2"), std::pair(std::string("PAR1...."), "Parquet")}) {
    const auto slices = Slices(bytes, 3);
    ASSERT_FALSE(slices.has_value());
    EXPECT_EQ(slices.error().kind(), ErrorKind::kUnsupported);
    EXPECT_THAT(slices.error().message(), HasSubstr(name));
  }
  EXPECT_EQ(Joined("BZh is no bzip2\n", 3), "BZh is no bzip2\n");
  EXPECT_EQ(Joined("\x1F\x8B", 1), "\x1F\x8B");
}

TEST(LineSource, ALineIsBounded) {
  const std::string text = "0123456789\nabc\n";
  for (const std::int64_t slice : {1, 5, 100}) {
    EXPECT_EQ(Joined(text, 4, {.slice_bytes = slice, .max_line_bytes = 10}), text);
    EXPECT_EQ(Joined("0123456789", 4, {.slice_bytes = slice, .max_line_bytes = 10}), "0123456789");
    EXPECT_EQ(KindOf(text, {.slice_bytes = slice, .max_line_bytes = 9}), ErrorKind::kResourceExhausted);
    EXPECT_EQ(KindOf("a\n0123456789", {.slice_bytes = slice, .max_line_bytes = 9}),
              ErrorKind::kResourceExhausted);
  }
}

TEST(LineSource, WhatItUnpacksToIsBounded) {
  const std::string bomb(64 << 20, '\n');
  for (const std::string& stored : {Gzip(bomb), Zstd(bomb)}) {
    EXPECT_EQ(KindOf(stored, {.max_decompressed_bytes = 10 << 20}), ErrorKind::kResourceExhausted);
    EXPECT_EQ(Joined(stored, 1 << 20).size(), bomb.size());
  }
}

TEST(LineSource, ReadErrorsComeThrough) {
  for (int failing = 0; failing < 4; ++failing) {
    LineSource source(
        [n = 0, failing]() mutable -> Result<std::string> {
          if (n++ == failing) return Fail(ErrorKind::kUnavailable, "gone");
          return std::string("{\"a\":1}\n");
        },
        {.slice_bytes = 20});
    auto slice = source.Next();
    while (slice && *slice) slice = source.Next();
    ASSERT_FALSE(slice.has_value());
    EXPECT_EQ(slice.error().kind(), ErrorKind::kUnavailable);
  }
}

}  // namespace
}  // namespace rtl::decode
