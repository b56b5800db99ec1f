// The one place where real implementations are chosen.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include <cstdlib>

#include "cli/aws_session.h"
#include "cli/grace_period.h"
#include "cli/paths.h"
#include "cli/receive_events.h"
#include "cli/run.h"
#include "cli/stop_signals.h"
#include "cli/terminal.h"
#include "discover/directory_watch.h"
#include "store/local_store.h"

namespace {

std::span<const char* const> Variables() {
  std::size_t count = 0;
  while (environ[count] != nullptr) ++count;
  return {environ, count};
}

// Connections take a few descriptors each, and there are many at once. What the system does not grant shows
// later, as a shortage that is tried again.
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  constexpr rlim_t kEnough = 65'536;
  limit.rlim_cur = std::min(limit.rlim_max, std::max(limit.rlim_cur, kEnough));
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace rtl;
  RaiseFileLimit();
  const cli::StopSignals signals;
  constexpr std::chrono::milliseconds kGrace{10'000};
  const cli::GracePeriod grace(signals.token(), kGrace);
  cli::Environment environment;
  environment.version = RTLOADER_VERSION;
  environment.out = cli::StandardOutput(1);
  environment.err = cli::StandardOutput(2);
  environment.stop = signals.token();
  environment.stop_signal = [&] { return signals.signal(); };
  environment.variables = Variables();
  const auto aws = std::make_shared<cli::AwsSession>(grace.over());
  environment.open_store = [aws](const std::string& root, bool create, const cli::S3Settings& s3) {
    return cli::IsS3(root) ? aws->OpenStore(root, s3) : store::OpenLocalStore(root, create);
  };
  environment.lambda_runtime = [aws]() -> Result<std::unique_ptr<lambda::RuntimeClient>> {
    const char* api = std::getenv("AWS_LAMBDA_RUNTIME_API");
    return lambda::RuntimeClient::Make(api != nullptr ? api : "", aws->Client({}));
  };
  environment.examine = [aws](const cli::Config& config) { return cli::Examine(*aws, config); };
  environment.requests = [aws] { return aws->counters()->totals(); };
  environment.receive_events = [aws](const cli::Config& config, const std::string& source,
                                     discover::OnHint on_hint,
                                     const std::function<void(std::string)>& on_notice) {
    return cli::ReceiveEvents(*aws, config, source, std::move(on_hint), on_notice);
  };
  environment.open_loader = [](store::ObjectStore& source, store::ObjectStore& tables, load::Options options,
                               load::Observer* observer, bool create) {
    return load::Loader::Open(source, tables, std::move(options), observer, create);
  };
  environment.watch_folder = [](std::string root, std::function<void(std::string)> on_hint,
                                std::function<void(std::string)> on_notice) -> Result<std::shared_ptr<void>> {
    RTL_TRY(auto watch, discover::DirectoryWatch::Open(std::move(root), std::move(on_hint), on_notice));
    return std::shared_ptr<discover::DirectoryWatch>(std::move(watch));
  };
  return cli::Run({argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)}, environment);
}
