#include "discover/webhook_auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace rtl::discover {
namespace {

using Digest = std::array<unsigned char, 32>;

Digest Hmac(std::string_view key, std::string_view bytes) {
  Digest digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), &size);
  return digest;
}

// Of digests, so that not even the length of the secret shows in the time.
bool SameSecret(std::string_view a, std::string_view b) {
  const Digest digest_a = Hmac("compare", a);
  const Digest digest_b = Hmac("compare", b);
  return CRYPTO_memcmp(digest_a.data(), digest_b.data(), digest_a.size()) == 0;
}

std::string Hex(const Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

std::string_view BearerToken(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() < kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = authorization[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != kScheme[i]) return {};
  }
  authorization.remove_prefix(kScheme.size());
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  return authorization;
}

}  // namespace

Trust TrustOf(const WebhookAuth& auth, const WebhookHead& head) {
  if (!auth.sns_topics.empty() && !head.sns_type.empty() && !head.sns_raw) return Trust::kBySns;
  if (auth.empty()) return Trust::kGranted;
  if (!auth.bearer_token.empty() && SameSecret(BearerToken(head.authorization), auth.bearer_token)) {
    return Trust::kGranted;
  }
  if (!auth.hmac_secret.empty() && !head.hmac.empty()) return Trust::kByHmac;
  return Trust::kRefused;
}

bool HmacMatches(const WebhookAuth& auth, std::string_view header, std::string_view body) {
  return SameSecret(header, "sha256=" + Hex(Hmac(auth.hmac_secret, body)));
}

}  // namespace rtl::discover
