#include "http/curl_channel.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "http/url.h"

namespace rtl::http {
namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr long kIdleSeconds = 20;             // servers close idle connections sooner or later
constexpr long kIdleSecondsNoResend = 3;      // see Request::may_resend
constexpr long kConnectionLifeSeconds = 300;  // names move to other addresses
constexpr milliseconds kLongestWait{1'000};   // between looks at the time; a stop wakes at once
constexpr long kBufferBytes = 128 * 1024;

enum class Abort { kNone, kStopped, kStalled, kTooLong, kResend };

// What happens to one request, seen from libcurl's callbacks.
struct Transfer {
  const Request& request;
  Response response;
  int sendings = 0;           // how often the request was handed to a connection
  std::int64_t received = 0;  // bytes of headers and body
  bool has_headers = false;   // all of them: libcurl takes a connection's end among them for their end
  SteadyTime last_activity{};
  Abort abort = Abort::kNone;
};

std::string_view Trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  transfer.received += static_cast<std::int64_t>(line.size());
  auto& headers = transfer.response.headers;
  if (line.starts_with("HTTP/")) {
    headers.clear();  // those before were of an interim response
    transfer.has_headers = false;
  } else if (line == "\r\n" || line == "\n") {
    transfer.has_headers = true;
  } else if (!line.empty() && (line.front() == ' ' || line.front() == '\t') && !headers.empty()) {
    headers.back().value.append(" ").append(Trim(line));
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    headers.push_back({std::string(line.substr(0, colon)), std::string(Trim(line.substr(colon + 1)))});
  }
  return line.size();
}

std::optional<std::int64_t> ContentLength(const Response& response) {
  const std::string_view text = response.Header("content-length");
  std::int64_t length = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return length;
}

std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  std::string& body = transfer.response.body;
  const auto limit = transfer.request.max_response_bytes;
  const auto length = ContentLength(transfer.response);
  if (std::cmp_greater(body.size() + bytes, limit) || (length && *length > limit)) {
    transfer.abort = Abort::kTooLong;
    return 0;
  }
  if (body.empty() && length) body.reserve(static_cast<std::size_t>(*length));
  body.append(data, bytes);
  transfer.received += static_cast<std::int64_t>(bytes);
  return bytes;
}

// Called when a connection is ready, new or reused, before each sending of the request.
int OnReady(void* user, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.sendings > 0 && !transfer.request.may_resend) {
    transfer.abort = Abort::kResend;
    return CURL_PREREQFUNC_ABORT;
  }
  ++transfer.sendings;
  transfer.last_activity = std::chrono::steady_clock::now();
  return CURL_PREREQFUNC_OK;
}

CURLcode OnSslContext(CURL*, void* context, void* store) {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), static_cast<X509_STORE*>(store));
  return CURLE_OK;
}

struct HeaderList {
  curl_slist* list = nullptr;
  HeaderList() = default;
  ~HeaderList() { curl_slist_free_all(list); }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  void Add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
};

bool SameName(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

// kBadConfig: a header that would end its line.
Result<> FillHeaders(const Request& request, HeaderList& lines) {
  bool has_type = false;
  for (const Header& header : request.headers) {
    if (header.name.empty() || header.name.find_first_of("\r\n: ") != std::string::npos ||
        header.value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return Fail(ErrorKind::kBadConfig,
                  fmt::format("a header '{}' that HTTP cannot carry",
                              header.name.substr(0, header.name.find_first_of("\r\n"))));
    }
    if (SameName(header.name, "content-length")) continue;  // libcurl's to say, from the body
    has_type |= SameName(header.name, "content-type");
    // libcurl's way to write a header without a value
    lines.Add(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  lines.Add("Expect:");  // no wait for 100 Continue
  lines.Add("Accept:");
  if (!has_type) lines.Add("Content-Type:");
  return {};
}

void SetMethod(CURL* easy, const Request& request) {
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (!request.body.empty() || request.method == "PUT" || request.method == "POST") {
    // small bodies travel with the headers this way, and without a body there is a Content-Length: 0
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  } else {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

void SetUp(CURL* easy, const Request& request, const ChannelSetup& setup, X509_STORE* trust,
           Transfer& transfer, const HeaderList& headers, char* error_text) {
  curl_easy_reset(easy);  // keeps the connections
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_SHARE, setup.share);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  SetMethod(easy, request);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.list);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "rtloader");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  if (!setup.use_proxy || IsLocalHost(SplitUrl(request.url).host)) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);

  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, request.may_resend ? kIdleSeconds : kIdleSecondsNoResend);
  curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, kConnectionLifeSeconds);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kBufferBytes);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes);

  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, OnReady);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, &transfer);

  if (trust != nullptr) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, OnSslContext);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, trust);
  }
}

// OpenSSL writes to connections that may be closed; the signal that comes of it would end the process. It
// goes to the thread that wrote, so holding it back here is enough and changes nothing for others.
class BrokenPipeIgnored {
 public:
  BrokenPipeIgnored() {
    sigemptyset(&broken_pipe_);
    sigaddset(&broken_pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &broken_pipe_, &before_);
  }
  ~BrokenPipeIgnored() {
    const timespec at_once{};
    while (!was_pending_ && sigtimedwait(&broken_pipe_, nullptr, &at_once) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  BrokenPipeIgnored(const BrokenPipeIgnored&) = delete;
  BrokenPipeIgnored& operator=(const BrokenPipeIgnored&) = delete;

 private:
  sigset_t broken_pipe_;
  sigset_t before_;
  bool was_pending_;
};

// libcurl's result; CURLE_OK with transfer.abort set when we ended it.
CURLcode Perform(CURLM* multi, CURL* easy, Transfer& transfer, const std::stop_token& stop) {
  const auto wake = [multi] { curl_multi_wakeup(multi); };
  const std::stop_callback<decltype(wake)> on_stop(stop, wake);
  const BrokenPipeIgnored broken_pipe_ignored;
  if (curl_multi_add_handle(multi, easy) != CURLM_OK) return CURLE_FAILED_INIT;
  CURLcode code = CURLE_OK;
  std::int64_t progress = 0;
  while (true) {
    int running = 0;
    if (curl_multi_perform(multi, &running) != CURLM_OK) {
      code = CURLE_FAILED_INIT;
      break;
    }
    if (running == 0) {
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
        if (message->msg == CURLMSG_DONE) code = message->data.result;
      }
      break;
    }
    if (stop.stop_requested()) {
      transfer.abort = Abort::kStopped;
      break;
    }
    auto wait = kLongestWait;
    if (transfer.sendings > 0) {
      curl_off_t sent = 0;
      curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &sent);
      const auto now = std::chrono::steady_clock::now();
      if (sent + transfer.received != progress) transfer.last_activity = now;
      progress = sent + transfer.received;
      const auto idle = std::chrono::duration_cast<milliseconds>(now - transfer.last_activity);
      if (idle >= transfer.request.stall_timeout) {
        transfer.abort = Abort::kStalled;
        break;
      }
      wait = std::min(wait, transfer.request.stall_timeout - idle);
    }
    curl_multi_poll(multi, nullptr, 0, static_cast<int>(std::max(wait.count(), milliseconds::rep{1})),
                    nullptr);
  }
  curl_multi_remove_handle(multi, easy);  // closes a connection that is in the middle of something
  return code;
}

ErrorKind KindOf(CURLcode code, const Transfer& transfer) {
  const bool sent = transfer.sendings > 0;
  const auto unknown = sent ? ErrorKind::kCommitUnknown : ErrorKind::kUnavailable;
  switch (transfer.abort) {
    case Abort::kStopped:
      return sent && !transfer.request.may_resend ? ErrorKind::kCommitUnknown : ErrorKind::kCancelled;
    case Abort::kTooLong:
      return ErrorKind::kBadData;
    case Abort::kStalled:
    case Abort::kResend:
      return unknown;
    case Abort::kNone:
      break;
  }
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_LOGIN_DENIED:  // a user in the URL
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return sent ? unknown : ErrorKind::kBadConfig;
    case CURLE_UNSUPPORTED_PROTOCOL:  // once sent: an answer that does not begin with HTTP/
      return sent ? ErrorKind::kBadData : ErrorKind::kBadConfig;
    case CURLE_WEIRD_SERVER_REPLY:
      return sent ? ErrorKind::kBadData : ErrorKind::kUnavailable;
    case CURLE_OUT_OF_MEMORY:
      return sent ? unknown : ErrorKind::kResourceExhausted;
    default:
      return unknown;
  }
}

std::string WhatHappened(CURLcode code, const Transfer& transfer, const char* error_text) {
  switch (transfer.abort) {
    case Abort::kStopped:
      return "stopped";
    case Abort::kTooLong:
      return fmt::format("the response is longer than {} bytes", transfer.request.max_response_bytes);
    case Abort::kStalled:
      return fmt::format("no byte came or went for {} ms", transfer.request.stall_timeout.count());
    case Abort::kResend:
      return "the connection ended before an answer";
    case Abort::kNone:
      break;
  }
  return error_text[0] != '\0' ? error_text : curl_easy_strerror(code);
}

bool HasBody(const Request& request, int status) {
  return request.method != "HEAD" && status != 204 && status != 304;
}

}  // namespace

CurlChannel::CurlChannel() : multi_(curl_multi_init()), easy_(curl_easy_init()) {}

CurlChannel::~CurlChannel() {
  const BrokenPipeIgnored broken_pipe_ignored;  // TLS says good-bye
  curl_easy_cleanup(easy_);
  curl_multi_cleanup(multi_);
}

Result<Response> CurlChannel::Send(const Request& request, const ChannelSetup& setup, X509_STORE* trust,
                                   const std::stop_token& stop) {
  if (multi_ == nullptr || easy_ == nullptr) {
    return Fail(ErrorKind::kResourceExhausted, "no handle for an HTTP request: out of memory or open files");
  }
  Transfer transfer{.request = request};
  HeaderList headers;
  RTL_CHECK(FillHeaders(request, headers));
  std::array<char, CURL_ERROR_SIZE> error_text{};
  SetUp(easy_, request, setup, trust, transfer, headers, error_text.data());
  const CURLcode code = Perform(multi_, easy_, transfer, stop);
  if (code != CURLE_OK || transfer.abort != Abort::kNone) {
    return Fail(KindOf(code, transfer), WhatHappened(code, transfer, error_text.data()));
  }
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, nullptr);
  Response& response = transfer.response;
  response.status = static_cast<int>(status);
  if (!transfer.has_headers || status < 200) {
    return Fail(ErrorKind::kCommitUnknown, "the connection ended within the headers of the answer");
  }
  const auto length = ContentLength(response);
  if (length && HasBody(request, response.status) && std::cmp_not_equal(*length, response.body.size())) {
    return Fail(ErrorKind::kCommitUnknown, fmt::format("{} bytes came of {}", response.body.size(), *length));
  }
  return std::move(response);
}

}  // namespace rtl::http
