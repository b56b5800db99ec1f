// How long to wait before the next attempt. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "core/time.h"

namespace rtl::aws {

struct RetryPolicy {
  std::chrono::milliseconds first_pause{50};  // full jitter: a random part of a pause that doubles
  std::chrono::milliseconds longest_pause{20'000};
  std::chrono::milliseconds budget{120'000};  // from the first attempt to the last one's start
};

// The pause before the retry of that number (1, 2, ...); nullopt when the budget does not last for it.
// `random`: in [0, 1). `retry_after`: what the server asked for; the pause is not shorter.
std::optional<std::chrono::milliseconds> RetryPause(const RetryPolicy& policy, int retry, double random,
                                                    std::optional<std::chrono::milliseconds> retry_after,
                                                    std::chrono::milliseconds elapsed);

// "Sun, 06 Nov 1994 08:49:37 GMT"; nullopt for anything else.
std::optional<Timestamp> ParseHttpDate(std::string_view text);

// The header's value: seconds or a date. nullopt when it is neither or lies in the past.
std::optional<std::chrono::milliseconds> ParseRetryAfter(std::string_view text, Timestamp now);

}  // namespace rtl::aws
