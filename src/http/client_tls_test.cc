#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <memory>

#include "http/client.h"
#include "http/testing_server.h"

namespace rtl::http {
namespace {

// A certificate signed by its own key, for `subject_alt_name`, as a server's context and as a PEM file.
class SelfMadeCertificate {
 public:
  explicit SelfMadeCertificate(const char* subject_alt_name)
      : key_(EVP_EC_gen("P-256"), EVP_PKEY_free),
        certificate_(X509_new(), X509_free),
        context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
    X509* x = certificate_.get();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key_.get());
    X509_NAME* name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1,
                               -1, 0);
    X509_set_issuer_name(x, name);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, subject_alt_name);
    X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(x, key_.get(), EVP_sha256());
    SSL_CTX_use_certificate(context_.get(), x);
    SSL_CTX_use_PrivateKey(context_.get(), key_.get());
    path_ = std::filesystem::temp_directory_path() / ("rtl_tls_" + std::to_string(getpid()) + ".pem");
    if (std::FILE* file = std::fopen(path_.c_str(), "w")) {
      PEM_write_X509(file, x);
      std::fclose(file);
    }
  }
  ~SelfMadeCertificate() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  SelfMadeCertificate(const SelfMadeCertificate&) = delete;
  SelfMadeCertificate& operator=(const SelfMadeCertificate&) = delete;

  SSL_CTX* context() const { return context_.get(); }
  std::string path() const { return path_; }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::filesystem::path path_;
};

Reply Ok(const ReceivedRequest& request) {
  return MakeReply(200, request.body);
}

TEST(ClientTls, TrustedCertificate) {
  const SelfMadeCertificate certificate("IP:127.0.0.1");
  TestingServer server(Ok, certificate.context());
  const auto client = MakeClient({.ca_file = certificate.path()});
  const std::string large(1'000'000, 'x');
  for (int i = 0; i < 3; ++i) {
    const auto response = client->Send({.method = "PUT", .url = server.url(), .body = large});
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->body, large);
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(ClientTls, UnknownAuthority) {
  const SelfMadeCertificate certificate("IP:127.0.0.1");
  TestingServer server(Ok, certificate.context());
  const SelfMadeCertificate other("IP:127.0.0.1");
  const auto response = MakeClient({.ca_file = other.path()})->Send({.url = server.url()});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind(), ErrorKind::kBadConfig) << response.error().message();
  EXPECT_TRUE(server.requests().empty());
}

TEST(ClientTls, CertificateOfAnotherHost) {
  const SelfMadeCertificate certificate("DNS:elsewhere.example");
  TestingServer server(Ok, certificate.context());
  const auto response = MakeClient({.ca_file = certificate.path()})->Send({.url = server.url()});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind(), ErrorKind::kBadConfig) << response.error().message();
}

TEST(ClientTls, CaFileThatIsNone) {
  const auto response = MakeClient({.ca_file = "/nonexistent/ca.pem"})->Send({.url = "https://127.0.0.1:1/"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind(), ErrorKind::kBadConfig);
  EXPECT_NE(response.error().message().find("/nonexistent/ca.pem"), std::string::npos);
}

TEST(ClientTls, PlainServerIsUnavailable) {
  TestingServer server(
      [](const ReceivedRequest&) { return Reply{.bytes = "HTTP/1.1 400 No\r\n\r\n", .close = true}; });
  const SelfMadeCertificate certificate("IP:127.0.0.1");
  std::string url = server.url();
  url.insert(4, "s");
  const auto response =
      MakeClient({.ca_file = certificate.path()})
          ->Send({.url = url, .connect_timeout = std::chrono::milliseconds(100), .may_resend = false});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind(), ErrorKind::kUnavailable) << response.error().message();
}

}  // namespace
}  // namespace rtl::http
