#include "aws/credentials.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "aws/credentials_sources.h"

namespace rtl::aws {
namespace {

constexpr std::chrono::minutes kRefreshAhead{5};
// Between looks while what is there still holds: a source that fails or gives short-lived credentials is not
// asked before every request.
constexpr std::chrono::seconds kBetweenLooks{30};

class RefreshedCredentials final : public CredentialsProvider {
 public:
  RefreshedCredentials(CredentialsOptions options, std::shared_ptr<http::Client> client,
                       Surroundings surroundings, const Clock& clock)
      : options_(std::move(options)),
        client_(std::move(client)),
        surroundings_(std::move(surroundings)),
        clock_(clock) {}

  Result<Credentials> Get() override {
    std::unique_lock lock(mutex_);
    if (Holds() && (!IsDue() || looking_)) return *current_;
    if (looking_) {
      // one thread's look is for all that wait
      const auto look = looks_;
      looked_.wait(lock, [&] { return looks_ != look; });
      if (Holds()) return *current_;
      return Fail(failure_);
    }
    looking_ = true;
    const auto invalidations = invalidations_;
    lock.unlock();
    auto found = Look();
    lock.lock();
    looking_ = false;
    ++looks_;
    next_look_ = clock_.Now() + kBetweenLooks;
    looked_.notify_all();
    if (found) {
      // refused while it was on its way: of use for this caller, who will see for himself
      current_ = *found;
      had_any_ = true;
      return *std::move(found);
    }
    failure_ = found.error();
    if (invalidations == invalidations_ && Holds()) return *current_;
    return Fail(failure_);
  }

  void Invalidate(const Credentials& refused) override {
    const std::lock_guard lock(mutex_);
    ++invalidations_;
    if (current_ && current_->access_key_id == refused.access_key_id &&
        current_->secret_access_key == refused.secret_access_key &&
        current_->session_token == refused.session_token) {
      current_.reset();
    }
  }

 private:
  bool Holds() const { return current_ && (!current_->expires_at || clock_.Now() < *current_->expires_at); }
  bool IsDue() const {
    if (!current_ || !current_->expires_at) return false;
    const Timestamp now = clock_.Now();
    return now >= *current_->expires_at - kRefreshAhead && now >= next_look_;
  }

  Result<Credentials> Look() {
    auto found = FindCredentials(
        {.options = options_, .client = client_, .surroundings = surroundings_, .clock = clock_});
    if (found && found->expires_at && *found->expires_at <= clock_.Now()) {
      return Fail(ErrorKind::kUnavailable,
                  found->source + ": gives credentials that ended at " + FormatTimestamp(*found->expires_at));
    }
    // they were there before: a place that does not answer now may do so again
    if (!found && found.error().kind() == ErrorKind::kBadConfig && had_any_) {
      return Fail(ErrorKind::kUnavailable, found.error().message());
    }
    return found;
  }

  const CredentialsOptions options_;
  const std::shared_ptr<http::Client> client_;
  const Surroundings surroundings_;
  const Clock& clock_;

  std::mutex mutex_;
  std::condition_variable looked_;
  std::optional<Credentials> current_;
  Error failure_{ErrorKind::kInternal, ""};  // of the last look that failed
  Timestamp next_look_{};
  bool looking_ = false;
  bool had_any_ = false;  // read by the one that looks
  std::uint64_t looks_ = 0;
  std::uint64_t invalidations_ = 0;
};

class FixedCredentials final : public CredentialsProvider {
 public:
  explicit FixedCredentials(Credentials credentials) : credentials_(std::move(credentials)) {}
  Result<Credentials> Get() override { return credentials_; }
  void Invalidate(const Credentials&) override {}

 private:
  const Credentials credentials_;
};

}  // namespace

std::shared_ptr<CredentialsProvider> MakeCredentialsProvider(CredentialsOptions options,
                                                             std::shared_ptr<http::Client> client,
                                                             Surroundings surroundings, const Clock& clock) {
  return std::make_shared<RefreshedCredentials>(std::move(options), std::move(client),
                                                std::move(surroundings), clock);
}

std::shared_ptr<CredentialsProvider> MakeFixedCredentials(Credentials credentials) {
  return std::make_shared<FixedCredentials>(std::move(credentials));
}

}  // namespace rtl::aws
