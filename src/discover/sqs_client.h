// Amazon SQS over its JSON protocol ("AmazonSQS.<Action>", application/x-amz-json-1.0): the few actions that
// a reader of a queue needs.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "aws/caller.h"
#include "aws/credentials.h"
#include "core/error.h"
#include "core/time.h"
#include "http/client.h"

namespace rtl::discover {

inline constexpr int kSqsBatch = 10;  // the most entries of one request (SQS quotas)

struct SqsMessage {
  std::string id;
  std::string receipt;  // of this delivery alone; the next one has another
  std::string body;
  int receives = 1;  // how often it has been given out, this time included; approximate
};

struct SqsQueueAttributes {
  std::string arn;
  std::chrono::seconds visibility{0};  // the queue's own
  std::string dead_letter_arn;         // of its RedrivePolicy; empty: it has none
  int max_receive_count = 0;           // of its RedrivePolicy
  std::int64_t messages = 0;           // waiting; approximate
  std::int64_t in_flight = 0;          // given out and neither deleted nor expired; approximate
};

// One entry of a batch that was refused while others were not.
struct SqsEntryFailure {
  std::size_t index = 0;  // in the batch
  std::string code;       // "ReceiptHandleIsInvalid"
  std::string message;
};

struct SqsVisibility {
  std::string receipt;
  std::chrono::seconds timeout{0};  // from now; 0: it may be given out at once
};

// Where a queue is and how requests to it are signed.
struct SqsAddress {
  std::string endpoint;  // "https://sqs.eu-west-1.amazonaws.com/"
  std::string region;
};
// The queue URL's host, unless `endpoint` is given; the region that an AWS host names, else `region`, else
// us-east-1. kBadConfig: no http(s) URL with a host and a path. Pure.
Result<SqsAddress> AddressOfQueue(std::string_view queue_url, std::string_view endpoint,
                                  std::string_view region);

// The answer's meaning. Pure.
aws::Verdict JudgeSqsAnswer(const http::Response& response);

// Threads: any. Errors of all actions: kNotFound (no such queue), kPermissionDenied, kBadConfig (refused as
// invalid), kBadData (an answer that is none), kUnavailable (after the retries), kCancelled.
class SqsClient {
 public:
  struct Options {
    std::string queue_url;
    std::string endpoint;  // empty: that of the queue URL
    std::string region;    // where the queue URL's host names none
    aws::RetryPolicy retry{.budget = std::chrono::milliseconds(20'000)};
  };
  static Result<std::unique_ptr<SqsClient>> Make(Options options, const std::shared_ptr<http::Client>& client,
                                                 const std::shared_ptr<aws::CredentialsProvider>& credentials,
                                                 const std::shared_ptr<aws::RequestCounters>& counters,
                                                 const Clock& clock = SystemClock());

  // Waits for up to `wait` (at most 20 s) until there is one; `most` in 1..kSqsBatch.
  Result<std::vector<SqsMessage>> Receive(int most, std::chrono::seconds wait,
                                          std::chrono::seconds visibility, std::stop_token stop = {});
  // Up to kSqsBatch entries each. The value names the entries that were refused; the others are done.
  Result<std::vector<SqsEntryFailure>> DeleteBatch(std::span<const std::string> receipts,
                                                   std::stop_token stop = {});
  Result<std::vector<SqsEntryFailure>> ChangeVisibilityBatch(std::span<const SqsVisibility> entries,
                                                             std::stop_token stop = {});
  // A lost answer may put it there twice.
  Result<> SendMessage(std::string_view body, std::stop_token stop = {});
  Result<SqsQueueAttributes> Attributes(std::stop_token stop = {});

  const std::string& queue_url() const { return options_.queue_url; }

 private:
  SqsClient(Options options, SqsAddress address, const std::shared_ptr<http::Client>& client,
            const std::shared_ptr<aws::CredentialsProvider>& credentials,
            const std::shared_ptr<aws::RequestCounters>& counters, const Clock& clock);
  Result<std::string> Call(aws::Caller& caller, std::string_view action, std::string_view body,
                           std::chrono::seconds wait, std::stop_token stop);

  const Options options_;
  const SqsAddress address_;
  // Apart: when throttled, a long poll must not keep a deletion waiting.
  aws::Caller receive_caller_;
  aws::Caller caller_;
};

}  // namespace rtl::discover
