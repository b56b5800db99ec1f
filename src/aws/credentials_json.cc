#include "aws/credentials_json.h"

#include <simdjson.h>

#include "aws/iso_time.h"

namespace rtl::aws {

Result<std::map<std::string, std::string>> ReadFlatJson(std::string_view json, std::string_view inside) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  simdjson::dom::object object;
  if (parser.parse(simdjson::padded_string(json)).get(document) != simdjson::SUCCESS ||
      (inside.empty() ? document.get(object) : document[inside].get(object)) != simdjson::SUCCESS) {
    return Fail(ErrorKind::kBadData, "the answer is not the JSON object that it should be");
  }
  std::map<std::string, std::string> values;
  for (const auto& [name, value] : object) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) {
      values.emplace(name, text);
    } else if (value.is<std::int64_t>() || value.is<double>() || value.is<bool>()) {
      values.emplace(name, simdjson::minify(value));
    }
  }
  return values;
}

Result<Credentials> CredentialsFromJson(std::string_view json, std::string source) {
  RTL_TRY(auto values, ReadFlatJson(json));
  Credentials credentials{
      .access_key_id = values["AccessKeyId"],
      .secret_access_key = values["SecretAccessKey"],
      .session_token = values.contains("Token") ? values["Token"] : values["SessionToken"],
      .expires_at = std::nullopt,
      .source = std::move(source)};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return Fail(ErrorKind::kBadData, "the answer has no AccessKeyId and SecretAccessKey");
  }
  if (const std::string& expiration = values["Expiration"]; !expiration.empty()) {
    credentials.expires_at = ParseIsoTime(expiration);
    if (!credentials.expires_at) return Fail(ErrorKind::kBadData, "the answer's Expiration is not a time");
  }
  return credentials;
}

}  // namespace rtl::aws
