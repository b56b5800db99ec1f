#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace rtl::cli {
namespace {

constexpr int kUsualWidth = 80;

int TerminalWidth(int descriptor) {
  if (isatty(descriptor) == 0) return 0;
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return kUsualWidth;
}

bool IsDumb() {
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) == "dumb";
}

// A reader that went away or a full disk: there is nobody to tell, and a result cut short must not look like
// success.
void WriteAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      if (descriptor == STDERR_FILENO) return;
      constexpr std::string_view kMessage = "rtloader: error: standard output cannot be written\n";
      [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, kMessage.data(), kMessage.size());
      _exit(1);
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Output StandardOutput(int descriptor) {
  Output output;
  output.write = [descriptor](std::string_view text) { WriteAll(descriptor, text); };
  output.width = IsDumb() ? 0 : TerminalWidth(descriptor);
  const char* no_colour = std::getenv("NO_COLOR");
  output.colour = output.width > 0 && (no_colour == nullptr || *no_colour == '\0');
  return output;
}

}  // namespace rtl::cli
