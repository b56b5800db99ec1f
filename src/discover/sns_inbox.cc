#include "discover/sns_inbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "discover/utf8_name.h"

namespace rtl::discover {
namespace {

constexpr std::size_t kMaxCertificates = 64;

}  // namespace

SnsInbox::SnsInbox(SnsOptions options, std::shared_ptr<http::Client> client, const Clock& clock)
    : options_(std::move(options)), client_(std::move(client)), clock_(clock) {}

Result<SnsMessage> SnsInbox::Open(std::string_view body, std::stop_token stop) {
  RTL_TRY(SnsMessage message, ParseSnsMessage(body));
  if (std::ranges::find(options_.topics, message.topic_arn) == options_.topics.end()) {
    return Fail(ErrorKind::kPermissionDenied,
                fmt::format("topic {} is not among those that may send",
                            EscapeInvalidUtf8(std::string_view(message.topic_arn).substr(0, 200))));
  }
  if (!options_.is_trusted_url(message.signing_cert_url) || !IsSnsCertificatePath(message.signing_cert_url)) {
    return Fail(ErrorKind::kPermissionDenied, "the signing certificate's URL is not of SNS");
  }
  RTL_TRY(const std::string certificate, Certificate(message.signing_cert_url, std::move(stop)));
  RTL_CHECK(VerifySnsSignature(message, certificate, clock_.Now()));
  return message;
}

Result<> SnsInbox::Confirm(const SnsMessage& message, std::stop_token stop) {
  if (!options_.is_trusted_url(message.subscribe_url)) {
    return Fail(ErrorKind::kPermissionDenied, "the SubscribeURL is not of SNS");
  }
  RTL_CHECK(Fetch(message.subscribe_url, std::move(stop)));
  return {};
}

Result<std::string> SnsInbox::Certificate(const std::string& url, std::stop_token stop) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = certificates_.find(url); known != certificates_.end()) return known->second;
  }
  RTL_TRY(std::string certificate, Fetch(url, std::move(stop)));
  const std::lock_guard lock(mutex_);
  if (certificates_.size() >= kMaxCertificates) certificates_.clear();
  certificates_[url] = certificate;
  return certificate;
}

Result<std::string> SnsInbox::Fetch(const std::string& url, std::stop_token stop) {
  http::Request request;
  request.url = url;
  request.connect_timeout = std::chrono::seconds(3);
  request.stall_timeout = std::chrono::seconds(3);
  request.timeout = std::chrono::seconds(5);
  request.max_response_bytes = 64 << 10;
  auto response = client_->Send(request, std::move(stop));
  if (!response) {
    // a GET: whatever went wrong, it may be asked again
    return Fail(ErrorKind::kUnavailable, fmt::format("SNS was asked: {}", response.error().message()));
  }
  if (response->status != 200) {
    return Fail(response->status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kPermissionDenied,
                fmt::format("SNS was asked and answered with status {}", response->status));
  }
  return std::move(response->body);
}

}  // namespace rtl::discover
