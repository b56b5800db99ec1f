#include "http/client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "http/curl_channel.h"
#include "http/trust_store.h"
#include "http/url.h"

namespace rtl::http {
namespace {

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// Names looked up by one channel are known to all. libcurl calls back for a lock around each use.
class SharedNames {
 public:
  SharedNames() : share_(curl_share_init()) {
    curl_share_setopt(share_, CURLSHOPT_USERDATA, this);
    curl_share_setopt(share_, CURLSHOPT_LOCKFUNC, &SharedNames::Lock);
    curl_share_setopt(share_, CURLSHOPT_UNLOCKFUNC, &SharedNames::Unlock);
    curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  }
  ~SharedNames() { curl_share_cleanup(share_); }
  SharedNames(const SharedNames&) = delete;
  SharedNames& operator=(const SharedNames&) = delete;

  CURLSH* get() const { return share_; }

 private:
  static void Lock(CURL*, curl_lock_data data, curl_lock_access, void* self) {
    static_cast<SharedNames*>(self)->mutexes_.at(data).lock();
  }
  static void Unlock(CURL*, curl_lock_data data, void* self) {
    static_cast<SharedNames*>(self)->mutexes_.at(data).unlock();
  }

  std::array<std::mutex, CURL_LOCK_DATA_LAST> mutexes_;
  CURLSH* share_;
};

class CurlClient final : public Client {
 public:
  explicit CurlClient(const ClientOptions& options) : options_(options) {}

  Result<Response> Send(const Request& request, std::stop_token stop) override {
    const UrlParts url = SplitUrl(request.url);
    const std::string context = fmt::format("{} {}://{}{}{}{}", request.method, url.scheme, url.host,
                                            url.port.empty() ? "" : ":", url.port, url.path);
    if (stop.stop_requested()) return Fail(ErrorKind::kCancelled, context + ": stopped");
    std::shared_ptr<X509_STORE> trust;
    if (url.scheme == "https") {
      auto loaded = Trust();
      if (!loaded) return Fail(loaded.error().Wrap(context));
      trust = std::move(*loaded);
    }
    const std::string origin = fmt::format("{}://{}", url.scheme, url.authority);
    std::unique_ptr<CurlChannel> channel = Take(origin);
    auto response =
        channel->Send(request, {.share = names_.get(), .use_proxy = options_.use_proxy}, trust.get(), stop);
    GiveBack(origin, std::move(channel));
    if (!response) return Fail(response.error().Wrap(context));
    return response;
  }

 private:
  // The one used last: its connection is the least likely to have been closed.
  std::unique_ptr<CurlChannel> Take(const std::string& origin) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = idle_.find(origin); found != idle_.end()) {
        auto channel = std::move(found->second.back());
        found->second.pop_back();
        if (found->second.empty()) idle_.erase(found);
        --idle_count_;
        return channel;
      }
    }
    return std::make_unique<CurlChannel>();
  }

  void GiveBack(const std::string& origin, std::unique_ptr<CurlChannel> channel) {
    std::unique_ptr<CurlChannel> surplus;  // closed outside of the lock
    const std::lock_guard lock(mutex_);
    if (idle_count_ >= options_.max_idle) {
      surplus = std::move(channel);
      return;
    }
    idle_[origin].push_back(std::move(channel));
    ++idle_count_;
  }

  Result<std::shared_ptr<X509_STORE>> Trust() {
    const std::lock_guard lock(mutex_);
    if (!trust_) {
      RTL_TRY(trust_, LoadTrustStore(options_.ca_file));
    }
    return trust_;
  }

  const ClientOptions options_;
  SharedNames names_;  // outlives the channels
  std::mutex mutex_;
  std::map<std::string, std::vector<std::unique_ptr<CurlChannel>>> idle_;  // by scheme and authority
  int idle_count_ = 0;
  std::shared_ptr<X509_STORE> trust_;
};

}  // namespace

std::string_view Response::Header(std::string_view name) const {
  const auto same = [](char a, char b) { return Lower(a) == Lower(b); };
  for (const auto& header : headers) {
    if (std::ranges::equal(header.name, name, same)) return header.value;
  }
  return {};
}

std::unique_ptr<Client> MakeClient(const ClientOptions& options) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(initialised);  // a failure shows at the first request
  return std::make_unique<CurlClient>(options);
}

}  // namespace rtl::http
