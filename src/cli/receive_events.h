// Events of a source: SQS queues and a webhook, as the configuration names them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/aws_session.h"
#include "cli/config.h"
#include "core/error.h"
#include "discover/event_scope.h"
#include "discover/hint.h"

namespace rtl::cli {

// The items of a list that is separated by commas or blanks.
std::vector<std::string> SplitList(std::string_view text);

// The bucket and prefix that a source's events are about. kBadConfig: a folder, which has none.
Result<discover::EventScope> ScopeOf(const std::string& source);

// Receives until the returned object is destroyed, which waits for what is under way to be given back.
// kBadConfig: a queue or an address that cannot be used.
Result<std::shared_ptr<void>> ReceiveEvents(AwsSession& aws, const Config& config, const std::string& source,
                                            discover::OnHint on_hint,
                                            const std::function<void(std::string line)>& on_notice);

}  // namespace rtl::cli
