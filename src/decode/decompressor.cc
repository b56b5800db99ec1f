#include "decode/decompressor.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace rtl::decode {
namespace {

class Gzip final : public Decompressor {
 public:
  Gzip() { ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK; }
  ~Gzip() override { inflateEnd(&stream_); }

  Result<> Unpack(std::string_view& in, std::string& out, std::size_t limit) override {
    if (!ready_) return Fail(ErrorKind::kResourceExhausted, "no memory for gzip");
    if (state_ == State::kBetween) RTL_CHECK(BeginMember(in));
    if (state_ == State::kPadding) return SkipPadding(in);
    if (state_ == State::kBetween || (in.empty() && !more_)) return {};
    limit = std::min<std::size_t>(limit, std::numeric_limits<uInt>::max());
    const std::size_t old = out.size();
    out.resize(old + limit);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    const std::size_t offered = std::min<std::size_t>(in.size(), std::numeric_limits<uInt>::max());
    stream_.avail_in = static_cast<uInt>(offered);
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + old);
    stream_.avail_out = static_cast<uInt>(limit);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    in.remove_prefix(offered - stream_.avail_in);
    out.resize(old + limit - stream_.avail_out);
    more_ = stream_.avail_out == 0;
    if (status == Z_STREAM_END) {
      state_ = State::kBetween;
      more_ = false;
    } else if (status == Z_MEM_ERROR) {
      return Fail(ErrorKind::kResourceExhausted, "no memory for gzip");
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      return Fail(ErrorKind::kBadData,
                  fmt::format("gzip: {}", stream_.msg != nullptr ? stream_.msg : "damaged data"));
    }
    return {};
  }

  Result<> Finish() const override {
    if (state_ == State::kMember) return Fail(ErrorKind::kBadData, "gzip: the file is cut short");
    return {};
  }

 private:
  enum class State { kMember, kBetween, kPadding };

  // Behind a member: another one, or zeros (as tar and tapes pad) up to the end.
  Result<> BeginMember(std::string_view in) {
    if (in.empty()) return {};
    if (in[0] == '\0') {
      state_ = State::kPadding;
    } else if (in[0] == '\x1F') {
      inflateReset(&stream_);
      state_ = State::kMember;
    } else {
      return Fail(ErrorKind::kBadData, "gzip: something else follows the compressed data");
    }
    return {};
  }

  static Result<> SkipPadding(std::string_view& in) {
    if (in.find_first_not_of('\0') != std::string_view::npos) {
      return Fail(ErrorKind::kBadData, "gzip: something else follows the compressed data");
    }
    in = {};
    return {};
  }

  z_stream stream_ = {};
  bool ready_ = false;
  bool more_ = false;  // the output was full: there may be more without input
  State state_ = State::kMember;
};

class Zstd final : public Decompressor {
 public:
  Zstd() : stream_(ZSTD_createDStream()) {}
  ~Zstd() override { ZSTD_freeDStream(stream_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;

  Result<> Unpack(std::string_view& in, std::string& out, std::size_t limit) override {
    if (stream_ == nullptr) return Fail(ErrorKind::kResourceExhausted, "no memory for zstd");
    if (in.empty() && !more_) return {};
    const std::size_t old = out.size();
    out.resize(old + limit);
    ZSTD_inBuffer input = {in.data(), in.size(), 0};
    ZSTD_outBuffer output = {out.data() + old, limit, 0};
    const std::size_t left = ZSTD_decompressStream(stream_, &output, &input);
    in.remove_prefix(input.pos);
    out.resize(old + output.pos);
    if (ZSTD_isError(left) != 0) {
      const ZSTD_ErrorCode code = ZSTD_getErrorCode(left);
      const bool memory =
          code == ZSTD_error_memory_allocation || code == ZSTD_error_frameParameter_windowTooLarge;
      return Fail(memory ? ErrorKind::kResourceExhausted : ErrorKind::kBadData,
                  fmt::format("zstd: {}", ZSTD_getErrorName(left)));
    }
    more_ = output.pos == limit && left != 0;
    // A call that did nothing says how much the next frame's header takes, not that one is open.
    if (input.pos != 0 || output.pos != 0) open_ = left != 0;
    return {};
  }

  Result<> Finish() const override {
    if (open_) return Fail(ErrorKind::kBadData, "zstd: the file is cut short");
    return {};
  }

 private:
  ZSTD_DStream* stream_;
  bool more_ = false;
  bool open_ = true;  // inside a frame
};

std::unexpected<Error> Unread(std::string_view format) {
  return Fail(ErrorKind::kUnsupported,
              fmt::format("the file is {}; JSON lines are read plain, gzip or zstd", format));
}

}  // namespace

Result<std::unique_ptr<Decompressor>> DecompressorFor(std::string_view first_bytes) {
  using namespace std::string_view_literals;
  if (first_bytes.starts_with("\x1F\x8B\x08"sv)) return std::make_unique<Gzip>();
  if (first_bytes.starts_with("\x28\xB5\x2F\xFD"sv)) return std::make_unique<Zstd>();
  // A skippable frame, as seekable and pzstd files begin with.
  if (first_bytes.size() >= 4 && (first_bytes[0] & 0xF0) == 0x50 &&
      first_bytes.substr(1, 3) == "\x2A\x4D\x18"sv) {
    return std::make_unique<Zstd>();
  }
  for (const auto& [magic, name] : {std::pair("PK\x03\x04"sv, "zip"),
                                    std::pair("\xFD"
                                              "7zXZ\0"sv,
                                              "xz"),
                                    std::pair("\x04\x22\x4D\x18"sv, "lz4"), std::pair("PAR1"sv, "Parquet")}) {
    if (first_bytes.starts_with(magic)) return Unread(name);
  }
  if (first_bytes.starts_with("BZh"sv) && first_bytes.size() >= 10 &&
      first_bytes.substr(4, 6) == "1AY&SY"sv) {
    return Unread("bzip2");
  }
  return nullptr;
}

}  // namespace rtl::decode
