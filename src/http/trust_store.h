// The certificates of the authorities that are trusted, read once and shared by all connections of a client:
// libcurl by itself parses the bundle anew for each of its handles.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

#include "core/error.h"

namespace rtl::http {

// `ca_file`, else CURL_CA_BUNDLE, SSL_CERT_FILE, else the first bundle found where distributions keep it.
std::string FindCaFile(const std::string& ca_file);

// kBadConfig when the file has no certificate. Threads: the store may be used by any number of them.
Result<std::shared_ptr<X509_STORE>> LoadTrustStore(const std::string& ca_file);

}  // namespace rtl::http
