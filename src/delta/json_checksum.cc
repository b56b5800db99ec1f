#include "delta/json_checksum.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

namespace rtl::delta {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr int kMaxDepth = 128;

std::unexpected<Error> Invalid(std::string_view why) {
  return Fail(ErrorKind::kBadData, fmt::format("JSON without a canonical form: {}", why));
}

// Stricter than URIs are: every byte but these is escaped.
std::string Quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string quoted = "\"";
  for (const char c : text) {
    const bool stands = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                        std::string_view("-._~").contains(c);
    if (stands) {
      quoted += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      quoted += '%';
      quoted += kHex[byte >> 4];
      quoted += kHex[byte & 15];
    }
  }
  return quoted += '"';
}

class Leaves {
 public:
  Result<> Take(ondemand::object object) { return TakeObject(object, "", 0); }

  std::string Join() && {
    std::ranges::sort(leaves_);
    std::string text;
    for (const auto& [path, value] : leaves_) {
      if (!text.empty()) text += ',';
      text += path;
      text += '=';
      text += value;
    }
    return text;
  }

 private:
  Result<> TakeObject(ondemand::object object, const std::string& path, int depth) {
    std::set<std::string> names;
    for (auto field : object) {
      std::string_view key;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return Invalid("a key that is none");
      std::string name = Quoted(key);
      if (!names.insert(name).second) return Invalid("a key that occurs twice");
      if (path.empty() && key == "checksum") continue;
      ondemand::value value;
      if (field.value().get(value) != simdjson::SUCCESS) return Invalid("a value that is none");
      RTL_CHECK(TakeValue(value, path.empty() ? std::move(name) : fmt::format("{}+{}", path, name), depth));
    }
    return {};
  }

  Result<> TakeArray(ondemand::array array, const std::string& path, int depth) {
    std::size_t index = 0;
    for (auto element : array) {
      ondemand::value value;
      if (element.get(value) != simdjson::SUCCESS) return Invalid("an element that is none");
      RTL_CHECK(TakeValue(value, fmt::format("{}+{}", path, index++), depth));
    }
    return {};
  }

  Result<> TakeValue(ondemand::value value, std::string path, int depth) {
    if (depth > kMaxDepth) return Invalid("nested too deep");
    ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) return Invalid("a value that is none");
    if (type == ondemand::json_type::object) {
      ondemand::object object;
      if (value.get_object().get(object) != simdjson::SUCCESS) return Invalid("an object that is none");
      return TakeObject(object, path, depth + 1);
    }
    if (type == ondemand::json_type::array) {
      ondemand::array array;
      if (value.get_array().get(array) != simdjson::SUCCESS) return Invalid("an array that is none");
      return TakeArray(array, path, depth + 1);
    }
    std::string canonical;
    if (type == ondemand::json_type::string) {
      std::string_view text;
      if (value.get_string().get(text) != simdjson::SUCCESS) return Invalid("a string that is none");
      canonical = Quoted(text);
    } else {
      std::string_view token = value.raw_json_token();
      canonical = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
    }
    leaves_.emplace_back(std::move(path), std::move(canonical));
    return {};
  }

  std::vector<std::pair<std::string, std::string>> leaves_;
};

std::optional<std::string> Md5(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr) != 1)
    return std::nullopt;
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace

Result<std::string> CanonicalJson(std::string_view json) {
  const simdjson::padded_string text(json);
  // The other parser looks at what it is asked for alone: this one checks the whole.
  simdjson::dom::parser checker;
  simdjson::dom::object checked;
  if (checker.parse(text).get(checked) != simdjson::SUCCESS) return Invalid("no object");
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object object;
  if (parser.iterate(text).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return Invalid("no object");
  }
  Leaves leaves;
  RTL_CHECK(leaves.Take(object));
  return std::move(leaves).Join();
}

Result<std::optional<std::string>> JsonChecksum(std::string_view json) {
  RTL_TRY(const std::string canonical, CanonicalJson(json));
  return Md5(canonical);
}

}  // namespace rtl::delta
