#include "http/trust_store.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <cstdlib>
#include <filesystem>

namespace rtl::http {

std::string FindCaFile(const std::string& ca_file) {
  if (!ca_file.empty()) return ca_file;
  for (const char* name : {"CURL_CA_BUNDLE", "SSL_CERT_FILE"}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  }
  for (const char* path :
       {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return path;
  }
  return {};
}

Result<std::shared_ptr<X509_STORE>> LoadTrustStore(const std::string& ca_file) {
  const std::string path = FindCaFile(ca_file);
  if (path.empty())
    return Fail(ErrorKind::kBadConfig, "no file of certificate authorities found on this system");
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), X509_STORE_free);
  if (!store || X509_STORE_load_file(store.get(), path.c_str()) != 1) {
    ERR_clear_error();
    return Fail(ErrorKind::kBadConfig, fmt::format("no certificate authorities can be read from {}", path));
  }
  return store;
}

}  // namespace rtl::http
