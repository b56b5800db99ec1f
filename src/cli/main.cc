// The one place where real implementations are chosen.
#include "cli/run.h"
#include "cli/stop_signals.h"
#include "cli/terminal.h"
#include "discover/directory_watch.h"
#include "store/local_store.h"

int main(int argc, char** argv) {
  using namespace rtl;
  const cli::StopSignals signals;
  cli::Environment environment;
  environment.version = RTLOADER_VERSION;
  environment.out = cli::StandardOutput(1);
  environment.err = cli::StandardOutput(2);
  environment.stop = signals.token();
  environment.stop_signal = [&] { return signals.signal(); };
  environment.open_store = [](const std::string& root, bool create) {
    return store::OpenLocalStore(root, create);
  };
  environment.open_loader = [](store::ObjectStore& source, store::ObjectStore& tables, load::Options options,
                               load::Observer* observer, bool create) {
    return load::Loader::Open(source, tables, std::move(options), observer, create);
  };
  environment.watch_folder = [](std::string root, std::function<void(std::string)> on_hint,
                                std::function<void(std::string)> on_notice) -> Result<std::shared_ptr<void>> {
    RTL_TRY(auto watch,
            discover::DirectoryWatch::Open(std::move(root), std::move(on_hint), std::move(on_notice)));
    return std::shared_ptr<discover::DirectoryWatch>(std::move(watch));
  };
  return cli::Run({argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)}, environment);
}
