#include "cli/progress_display.h"

namespace rtl::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::milliseconds kLine{5'000};

}  // namespace

ProgressDisplay::ProgressDisplay(const Output& err, LogFormat format)
    : err_(err),
      log_(format, err.write),
      began_(std::chrono::steady_clock::now()),
      ticker_([this](const std::stop_token& stop) { Tick(stop); }) {}

ProgressDisplay::~ProgressDisplay() {
  ticker_.request_stop();
  ticker_.join();
  Erase();
}

void ProgressDisplay::OnPlanned(std::int64_t files, std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  counters_.planned_files += files;
  counters_.planned_bytes += bytes;
}

void ProgressDisplay::OnFileDone(const load::FileReport& file) {
  const std::lock_guard lock(mutex_);
  counters_.Count(file);
}

void ProgressDisplay::OnNotice(const std::string& message) {
  const std::lock_guard lock(mutex_);
  Erase();
  log_.Warning(message);
}

void ProgressDisplay::OnUpkeep(const std::string& message) {
  const std::lock_guard lock(mutex_);
  Erase();
  log_.Notice(message);
}

void ProgressDisplay::Tick(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto pause = err_.width > 0 ? kRedraw : kLine;
  while (true) {
    wake_.wait_for(lock, stop, pause, [] { return false; });
    if (stop.stop_requested()) return;
    counters_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    Draw();
  }
}

void ProgressDisplay::Draw() {
  if (err_.width == 0) return log_.Progress(ProgressLine(counters_));
  err_.write("\r" + ProgressBar(counters_, err_.width) + "\033[K");
  drawn_ = true;
}

void ProgressDisplay::Erase() {
  if (drawn_) err_.write("\r\033[K");
  drawn_ = false;
}

}  // namespace rtl::cli
