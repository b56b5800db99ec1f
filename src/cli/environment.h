// What the commands use of the world, so that tests can give them another one. main.cc makes the real one.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "aws/caller.h"
#include "cli/config.h"
#include "cli/doctor.h"
#include "core/error.h"
#include "discover/hint.h"
#include "lambda/runtime_client.h"
#include "load/loader.h"
#include "store/object_store.h"

namespace rtl::cli {

// A stream of bytes to the user. `write` may be called from any thread, one call at a time is up to the
// caller.
struct Output {
  std::function<void(std::string_view)> write;
  int width = 0;        // of the terminal; 0: not a terminal
  bool colour = false;  // only on a terminal
};

struct Environment {
  std::string version;  // of the program
  Output out;           // results only
  Output err;           // log, progress, errors

  std::stop_token stop;              // requested by SIGINT and SIGTERM
  std::function<int()> stop_signal;  // which of them it was; 0 while none

  std::span<const char* const> variables;  // "NAME=value"

  // A folder or an s3:// prefix. `create`: the folder, where it is missing.
  std::function<Result<std::unique_ptr<store::ObjectStore>>(std::string root, bool create,
                                                            const S3Settings& s3)>
      open_store;
  std::function<Result<std::unique_ptr<load::Loader>>(store::ObjectStore& source, store::ObjectStore& tables,
                                                      load::Options options, load::Observer* observer,
                                                      bool create)>
      open_loader;
  // Calls back with keys that may have changed, and with lines for the log, for as long as the returned
  // object lives; from a thread of its own.
  std::function<Result<std::shared_ptr<void>>(std::string root, std::function<void(std::string key)> on_hint,
                                              std::function<void(std::string line)> on_notice)>
      watch_folder;
  // Receives the events that the configuration names, for as long as the returned object lives; from threads
  // of its own. `on_hint` gets keys below `source`, an empty one when anything may have changed.
  std::function<Result<std::shared_ptr<void>>(const Config& config, const std::string& source,
                                              std::function<void(discover::Hint)> on_hint,
                                              std::function<void(std::string line)> on_notice)>
      receive_events;
  // The runtime API of the Lambda function that this process is. kBadConfig: it is none.
  std::function<Result<std::unique_ptr<lambda::RuntimeClient>>()> lambda_runtime;
  std::function<std::vector<Check>(const Config& config)> examine;  // the doctor's
  // Requests made so far, where stores are remote; may be empty.
  std::function<aws::RequestCounters::Totals()> requests;
};

}  // namespace rtl::cli
