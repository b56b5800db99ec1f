#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "aws/credentials.h"

extern char** environ;

namespace rtl::aws {
namespace {

constexpr std::size_t kLongestFile = 16U << 20;
constexpr std::chrono::seconds kLongestRun{60};

// Until the end, or `deadline`. False: neither ended nor short enough.
bool ReadAll(int descriptor, std::string& text, std::chrono::steady_clock::time_point deadline) {
  std::array<char, 16'384> buffer;
  while (text.size() < kLongestFile) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd wanted{.fd = descriptor, .events = POLLIN, .revents = 0};
    if (poll(&wanted, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) return false;
    if (wanted.revents == 0) continue;
    const ssize_t count = read(descriptor, buffer.data(), buffer.size());
    if (count == 0) return true;
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return false;
}

Result<std::string> ReadFile(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    const auto kind =
        errno == ENOENT || errno == ENOTDIR ? ErrorKind::kNotFound : ErrorKind::kPermissionDenied;
    return Fail(kind, fmt::format("{}: {}", path, std::strerror(errno)));
  }
  std::string text;
  const bool complete = ReadAll(descriptor, text, std::chrono::steady_clock::now() + kLongestRun);
  close(descriptor);
  if (!complete) return Fail(ErrorKind::kBadData, path + ": cannot be read to its end");
  return text;
}

// The command's output is secret; its errors go where ours go.
Result<std::string> Run(const std::string& command) {
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) {
    return Fail(ErrorKind::kResourceExhausted, fmt::format("no pipe: {}", std::strerror(errno)));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);  // so that all of it can be ended
  std::string shell = "sh";
  std::string flag = "-c";
  std::string line = command;
  const std::array<char*, 4> arguments{shell.data(), flag.data(), line.data(), nullptr};
  pid_t child = 0;
  const int failure = posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(pipe_ends[1]);
  if (failure != 0) {
    close(pipe_ends[0]);
    return Fail(ErrorKind::kResourceExhausted, fmt::format("no new process: {}", std::strerror(failure)));
  }
  std::string text;
  const bool complete = ReadAll(pipe_ends[0], text, std::chrono::steady_clock::now() + kLongestRun);
  close(pipe_ends[0]);
  if (!complete) kill(-child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!complete) {
    return Fail(ErrorKind::kUnavailable, fmt::format("did not end within {} s", kLongestRun.count()));
  }
  if (!WIFEXITED(status)) return Fail(ErrorKind::kUnavailable, "was ended by a signal");
  if (WEXITSTATUS(status) != 0) {
    return Fail(ErrorKind::kUnavailable, fmt::format("ended with code {}", WEXITSTATUS(status)));
  }
  return text;
}

std::string HomeOf(const std::map<std::string, std::string>& environment) {
  if (const auto home = environment.find("HOME"); home != environment.end() && !home->second.empty()) {
    return home->second;
  }
  std::array<char, 4'096> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return found->pw_dir == nullptr ? std::string() : found->pw_dir;
}

}  // namespace

Surroundings ProcessSurroundings() {
  Surroundings result;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view entry = *at;
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    result.environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  result.home = HomeOf(result.environment);
  result.read_file = ReadFile;
  result.run = Run;
  return result;
}

}  // namespace rtl::aws
