#include "discover/sqs_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "discover/s3_event.h"
#include "discover/sqs_in_flight.h"

namespace rtl::discover {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Commits settle many messages at once: a short wait fills the batches of ten.
constexpr milliseconds kLinger{50};
constexpr milliseconds kFirstPause{1'000};
constexpr milliseconds kLongestPause{60'000};
// So many foreign buckets are named, each once.
constexpr std::size_t kMaxNamedBuckets = 100;

// Outlives the source in the hands of `done`.
struct Shared {
  std::mutex mutex;
  std::condition_variable_any changed;
  SqsInFlight in_flight;
  SqsCounters counters;
  int reserved = 0;  // places that receives under way may fill
  std::set<std::string> named_buckets;
};

Result<> CheckOptions(const SqsOptions& options) {
  using std::chrono::seconds;
  if (options.receivers < 1 || options.max_receives < 1 || options.max_in_flight < 1) {
    return Fail(ErrorKind::kBadConfig, "SQS: receivers, receives and messages in flight must be 1 or more");
  }
  if (options.visibility < seconds(1) || options.visibility > seconds(43'200) ||
      options.heartbeat >= options.visibility) {
    return Fail(ErrorKind::kBadConfig,
                "SQS: the visibility must be 1 s to 12 h and the heartbeat shorter than it");
  }
  if (options.wait < seconds(0) || options.wait > seconds(20)) {
    return Fail(ErrorKind::kBadConfig, "SQS: a long poll is 0 to 20 s");
  }
  return {};
}

}  // namespace

std::chrono::seconds ReleaseDelay(int receives, std::chrono::seconds visibility) {
  if (receives <= 1) return std::chrono::seconds(0);
  const std::chrono::seconds delay(std::int64_t{1} << std::min(receives - 2, 20));
  return std::min(delay, visibility);
}

class SqsSource::Reader {
 public:
  Reader(SqsOptions options, std::unique_ptr<SqsClient> queue, std::unique_ptr<SqsClient> dead_letters,
         SqsQueueAttributes attributes, OnHint on_hint, OnNotice on_notice)
      : options_(std::move(options)),
        queue_(std::move(queue)),
        dead_letters_(std::move(dead_letters)),
        attributes_(std::move(attributes)),
        on_hint_(std::move(on_hint)),
        notices_(std::move(on_notice)) {}
  ~Reader() { Stop(); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void Run(std::vector<SqsMessage> first) {
    keeper_ = std::jthread([this](const std::stop_token& stop) { Keep(stop); });
    receivers_.emplace_back(
        [this, messages = std::move(first)](const std::stop_token& stop) { ReceiveAll(stop, messages); });
    for (int i = 1; i < options_.receivers; ++i) {
      receivers_.emplace_back([this](const std::stop_token& stop) { ReceiveAll(stop, {}); });
    }
  }

  void Stop() {
    for (std::jthread& receiver : receivers_) receiver.request_stop();
    receivers_.clear();  // joins; the keeper goes on meanwhile
    if (!keeper_.joinable()) return;
    keeper_.request_stop();
    keeper_.join();
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->in_flight.GiveUpAll();
    }
    while (SettleOne(/*may_wait=*/false)) {
    }
  }

  SqsCounters counters() const {
    const std::lock_guard lock(shared_->mutex);
    SqsCounters counters = shared_->counters;
    counters.in_flight = static_cast<std::int64_t>(shared_->in_flight.size());
    return counters;
  }
  const SqsQueueAttributes& attributes() const { return attributes_; }

 private:
  void Count(std::int64_t SqsCounters::* counter, std::int64_t by = 1) {
    const std::lock_guard lock(shared_->mutex);
    shared_->counters.*counter += by;
  }
  void Trouble(const Error& error) {
    Count(&SqsCounters::errors);
    notices_.Say(std::string(ToString(error.kind())), error.message());
  }
  milliseconds heartbeat() const {
    return options_.heartbeat.count() > 0 ? options_.heartbeat : milliseconds(options_.visibility) / 2;
  }

  // --- receivers ---

  void ReceiveAll(const std::stop_token& stop, const std::vector<SqsMessage>& first) {
    TakeAll(first, Steady::now(), 0);
    milliseconds pause = kFirstPause;
    while (!stop.stop_requested()) {
      const int room = Reserve(stop);
      if (room == 0) return;
      auto messages = queue_->Receive(room, options_.wait, options_.visibility, stop);
      const auto received = Steady::now();
      if (messages) {
        pause = kFirstPause;
        TakeAll(*messages, received, room);
        continue;
      }
      GiveBackRoom(room);
      if (stop.stop_requested()) return;
      Trouble(messages.error());
      std::unique_lock lock(shared_->mutex);
      shared_->changed.wait_for(lock, stop, pause, [] { return false; });
      pause = std::min(pause * 2, kLongestPause);
    }
  }

  // How many messages may be asked for; 0: stopped.
  int Reserve(const std::stop_token& stop) {
    std::unique_lock lock(shared_->mutex);
    const auto room = [&] {
      return options_.max_in_flight - static_cast<int>(shared_->in_flight.size()) - shared_->reserved;
    };
    if (!shared_->changed.wait(lock, stop, [&] { return room() > 0; })) return 0;
    const int most = std::min(room(), kSqsBatch);
    shared_->reserved += most;
    return most;
  }

  void GiveBackRoom(int room) {
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->reserved -= room;
    }
    shared_->changed.notify_all();
  }

  struct Decoded {
    std::string problem;
    ScopedKeys scoped;
    std::optional<SqsInFlight::Token> token;  // absent: nobody waits for its hints
  };

  void TakeAll(const std::vector<SqsMessage>& messages, Steady::time_point received, int room) {
    std::vector<Decoded> all = Register(messages, received);
    GiveBackRoom(room);
    for (std::size_t i = 0; i < all.size(); ++i) Handle(messages[i], all[i]);
  }

  // All messages of a batch are kept alive from here on, also while a hint of the first one blocks.
  std::vector<Decoded> Register(const std::vector<SqsMessage>& messages, Steady::time_point received) {
    std::vector<Decoded> all;
    for (const SqsMessage& message : messages) {
      EventMessage event = DecodeEventMessage(message.body);
      Decoded& decoded = all.emplace_back();
      decoded.problem = std::move(event.problem);
      decoded.scoped = KeysOf(event, options_.scope);
      const ScopedKeys& scoped = decoded.scoped;
      const std::lock_guard lock(shared_->mutex);
      SqsCounters& counters = shared_->counters;
      ++counters.received;
      if (message.receives > 1) ++counters.redelivered;
      counters.ignored += scoped.ignored;
      counters.repeated += scoped.repeated;
      counters.refused += static_cast<std::int64_t>(scoped.refused.size());
      if (!decoded.problem.empty()) {
        ++counters.not_understood;
        continue;
      }
      decoded.token =
          shared_->in_flight.Add(message.id.empty() ? message.receipt : message.id, message.receipt,
                                 message.receives, scoped.keys.size(), received + heartbeat());
      if (!decoded.token) decoded.scoped.keys.clear();  // its hints are under way since its last delivery
    }
    shared_->changed.notify_all();
    return all;
  }

  void Handle(const SqsMessage& message, Decoded& decoded) {
    for (const RefusedEvent& refused : decoded.scoped.refused) NameOnce(refused);
    Count(&SqsCounters::hints, static_cast<std::int64_t>(decoded.scoped.keys.size()));
    for (ScopedKey& key : decoded.scoped.keys) {
      on_hint_({.key = std::move(key.key),
                .event_time = key.time,
                .done = [shared = shared_, token = decoded.token](bool handled) {
                  {
                    const std::lock_guard lock(shared->mutex);
                    if (!handled) ++shared->counters.given_up;
                    if (token) shared->in_flight.Done(*token, handled);
                  }
                  shared->changed.notify_all();
                }});
    }
    if (!decoded.problem.empty()) Puzzle(message, decoded.problem);
  }

  void NameOnce(const RefusedEvent& refused) {
    {
      const std::lock_guard lock(shared_->mutex);
      if (shared_->named_buckets.size() >= kMaxNamedBuckets) return;
      if (!shared_->named_buckets.insert(refused.bucket).second) return;
    }
    notices_.Say("refused " + refused.bucket,
                 fmt::format("{}: an event was refused: {}", options_.queue_url, refused.reason));
  }

  // What is not understood is left where it is: its visibility ends, and it comes again, until whoever counts
  // puts it away.
  void Puzzle(const SqsMessage& message, const std::string& problem) {
    const std::string what = fmt::format("{}: message {}: {}", options_.queue_url, message.id, problem);
    if (!attributes_.dead_letter_arn.empty()) {
      notices_.Say("left for redrive", fmt::format("{}; left for the queue's RedrivePolicy", what));
      return;
    }
    if (message.receives < options_.max_receives) {
      notices_.Say("left", fmt::format("{}; left, received {} times", what, message.receives));
      return;
    }
    if (!dead_letters_) {
      notices_.Say("stays",
                   fmt::format("{}; it stays, received {} times: the queue has no RedrivePolicy, and "
                               "events.dlq names no queue for such messages",
                               what, message.receives));
      return;
    }
    if (const auto sent = dead_letters_->SendMessage(message.body); !sent) return Trouble(sent.error());
    const std::string receipt = message.receipt;
    if (const auto deleted = queue_->DeleteBatch({&receipt, 1}); !deleted) {
      return Trouble(deleted.error());  // it will come, and be sent, once more
    }
    Count(&SqsCounters::dead_lettered);
    notices_.Say("dead letter", fmt::format("{}; sent to {}", what, dead_letters_->queue_url()));
  }

  // --- the keeper: deletes, releases, extends ---

  void Keep(const std::stop_token& stop) {
    milliseconds pause = kFirstPause;
    while (!stop.stop_requested()) {
      if (!ExtendDue() || !SettleOne(/*may_wait=*/true)) {
        std::unique_lock lock(shared_->mutex);
        if (failed_) {
          shared_->changed.wait_for(lock, stop, pause, [] { return false; });
          pause = std::min(pause * 2, kLongestPause / 4);
          failed_ = false;
          continue;
        }
        pause = kFirstPause;
        const auto ready = [&] { return shared_->in_flight.finished() > 0; };
        const auto next = shared_->in_flight.next_extension();
        if (next) {
          shared_->changed.wait_until(lock, stop, *next, ready);
        } else {
          // a message that comes meanwhile may want its extension earlier than any before it
          shared_->changed.wait_for(lock, stop, heartbeat(), ready);
        }
        if (ready() && shared_->in_flight.finished() < kSqsBatch) {
          shared_->changed.wait_for(lock, stop, kLinger,
                                    [&] { return shared_->in_flight.finished() >= kSqsBatch; });
        }
      }
    }
  }

  // One batch of deletions and one of releases; false: there were none, or the queue did not answer.
  bool SettleOne(bool may_wait) {
    std::vector<SqsInFlight::Item> deleted;
    std::vector<SqsInFlight::Item> released;
    {
      const std::lock_guard lock(shared_->mutex);
      deleted = shared_->in_flight.ToDelete(kSqsBatch);
      released = shared_->in_flight.ToRelease(kSqsBatch);
    }
    if (deleted.empty() && released.empty()) return false;
    std::vector<std::string> receipts;
    receipts.reserve(deleted.size());
    for (const auto& item : deleted) receipts.push_back(item.receipt);
    if (!Settle(deleted, queue_->DeleteBatch(receipts), &SqsCounters::deleted)) return false;
    std::vector<SqsVisibility> visibilities;
    visibilities.reserve(released.size());
    for (const auto& item : released) {
      // at the end of all, whoever comes next shall have them at once
      const auto delay =
          may_wait ? ReleaseDelay(item.receives, options_.visibility) : std::chrono::seconds(0);
      visibilities.push_back({.receipt = item.receipt, .timeout = delay});
    }
    return Settle(released, queue_->ChangeVisibilityBatch(visibilities), &SqsCounters::released);
  }

  bool Settle(const std::vector<SqsInFlight::Item>& items,
              const Result<std::vector<SqsEntryFailure>>& failures, std::int64_t SqsCounters::* counter) {
    if (!failures) {
      Trouble(failures.error());
      failed_ = true;
      return false;
    }
    // An entry that was refused had an old receipt: the message has been given to somebody, who will settle
    // it.
    {
      const std::lock_guard lock(shared_->mutex);
      for (const auto& item : items) shared_->in_flight.Remove(item);
      shared_->counters.*counter += static_cast<std::int64_t>(items.size() - failures->size());
      shared_->counters.stale_receipts += static_cast<std::int64_t>(failures->size());
    }
    shared_->changed.notify_all();  // room
    return true;
  }

  // False: the queue did not answer.
  bool ExtendDue() {
    for (;;) {
      std::vector<SqsInFlight::Item> due;
      {
        const std::lock_guard lock(shared_->mutex);
        due = shared_->in_flight.ToExtend(kSqsBatch, Steady::now());
      }
      if (due.empty()) return true;
      std::vector<SqsVisibility> visibilities;
      visibilities.reserve(due.size());
      for (const auto& item : due) {
        visibilities.push_back({.receipt = item.receipt, .timeout = options_.visibility});
      }
      const auto asked = Steady::now();
      const auto failures = queue_->ChangeVisibilityBatch(visibilities);
      if (!failures) {
        Trouble(failures.error());
        failed_ = true;
        return false;
      }
      const std::lock_guard lock(shared_->mutex);
      for (const auto& item : due) shared_->in_flight.Extended(item.token, asked + heartbeat());
      for (const SqsEntryFailure& failure : *failures) shared_->in_flight.Lost(due[failure.index].token);
      shared_->counters.extended += static_cast<std::int64_t>(due.size() - failures->size());
      shared_->counters.stale_receipts += static_cast<std::int64_t>(failures->size());
    }
  }

  const SqsOptions options_;
  const std::unique_ptr<SqsClient> queue_;
  const std::unique_ptr<SqsClient> dead_letters_;  // null: none
  const SqsQueueAttributes attributes_;
  const OnHint on_hint_;
  Notices notices_;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  bool failed_ = false;  // the keeper's; after it has been joined, Stop's
  std::vector<std::jthread> receivers_;
  std::jthread keeper_;
};

SqsSource::SqsSource(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}
SqsSource::~SqsSource() = default;

Result<std::unique_ptr<SqsSource>> SqsSource::Start(SqsOptions options, std::shared_ptr<http::Client> client,
                                                    std::shared_ptr<aws::CredentialsProvider> credentials,
                                                    std::shared_ptr<aws::RequestCounters> counters,
                                                    OnHint on_hint, OnNotice on_notice, const Clock& clock) {
  RTL_CHECK(CheckOptions(options));
  const auto open = [&](const std::string& url) {
    return SqsClient::Make({.queue_url = url, .endpoint = options.endpoint, .region = options.region}, client,
                           credentials, counters, clock);
  };
  RTL_TRY(std::unique_ptr<SqsClient> queue, open(options.queue_url));
  RTL_TRY(SqsQueueAttributes attributes, queue->Attributes());
  std::unique_ptr<SqsClient> dead_letters;
  if (!options.dlq_url.empty()) {
    RTL_TRY(dead_letters, open(options.dlq_url));
    // Whoever may only send to it may not ask about it.
    if (const auto known = dead_letters->Attributes();
        !known && known.error().kind() != ErrorKind::kPermissionDenied) {
      return Fail(known.error());
    }
  }
  RTL_TRY(std::vector<SqsMessage> first, queue->Receive(std::min(kSqsBatch, options.max_in_flight),
                                                        std::chrono::seconds(0), options.visibility));
  auto reader = std::make_unique<Reader>(std::move(options), std::move(queue), std::move(dead_letters),
                                         std::move(attributes), std::move(on_hint), std::move(on_notice));
  reader->Run(std::move(first));
  return std::unique_ptr<SqsSource>(new SqsSource(std::move(reader)));
}

void SqsSource::Stop() {
  reader_->Stop();
}

SqsCounters SqsSource::counters() const {
  return reader_->counters();
}

const SqsQueueAttributes& SqsSource::attributes() const {
  return reader_->attributes();
}

}  // namespace rtl::discover
