#include "cli/step_progress.h"

#include "cli/display_text.h"

namespace rtl::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::milliseconds kLine{5'000};

}  // namespace

StepProgress::StepProgress(const Output& err, LogFormat format)
    : err_(err), log_(format, err.write), told_at_(std::chrono::steady_clock::now()) {}

StepProgress::~StepProgress() {
  Erase();
}

void StepProgress::Tell(const std::string& line) {
  const auto now = std::chrono::steady_clock::now();
  if (now - told_at_ < (err_.width > 0 ? kRedraw : kLine)) return;
  told_at_ = now;
  if (err_.width == 0) return log_.Progress(line);
  err_.write("\r" + CutToWidth(OneLine(line), err_.width - 1) + "\033[K");
  drawn_ = true;
}

void StepProgress::Erase() {
  if (drawn_) err_.write("\r\033[K");
  drawn_ = false;
}

}  // namespace rtl::cli
