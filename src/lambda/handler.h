// One invocation: which keys its event names, and what is answered once they were loaded.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "discover/event_scope.h"

namespace rtl::lambda {

struct KeyResult {
  std::string key;
  bool handled = false;  // committed, nothing to do, or recorded as failed: nothing that a retry would better
  std::string problem;   // of one that was not handled
};
// Looks at these keys, each named once, and commits; the results in any order. A key without a result counts
// as not handled. Not called when there is no key.
using LoadKeys = std::function<std::vector<KeyResult>(const std::vector<std::string>& keys)>;

struct Reply {
  std::string json;       // the response, or with is_error the error's message as plain text
  bool is_error = false;  // for RespondError(): Lambda tries the event again, or hands it to its destination
  std::string error_type;

  // For the log and the counters.
  std::int64_t keys = 0;
  std::int64_t handled = 0;
  std::int64_t ignored = 0;           // events that say nothing of content
  std::int64_t refused = 0;           // events of other buckets and prefixes
  std::int64_t repeated = 0;          // events of a key that the same event named before
  std::vector<std::string> problems;  // of keys and of messages
  std::vector<std::string> refusals;  // reasons; at most ten
};

// By the event's outermost layer:
//   SQS            {"batchItemFailures":[{"itemIdentifier":id}]}: the messages with a key that was not
//   handled,
//                  and those that were not understood. The event source mapping must have
//                  ReportBatchItemFailures, or a partial failure is taken for success.
//   HTTP           {"statusCode":200|400|503,...,"body":summary}
//   all others     a summary {"keys":..,"handled":..,"ignored":..,"refused":..}; an error when a key was not
//                  handled or the event was not understood
Reply HandleEvent(std::string_view event, const discover::EventScope& scope, const LoadKeys& load);

}  // namespace rtl::lambda
