// Bytes of others as a commit of the log. What was understood is written as we would, and understood alike.
#include <string>

#include "delta/table.h"
#include "fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rtl;
  const std::string_view bytes = fuzz::Input(data, size).Rest();
  const auto actions = delta::ParseCommitBytes(bytes);
  if (!actions || actions->empty()) return 0;  // nothing that is known here
  const std::string written = delta::ToCommitBytes(*actions);
  const auto again = delta::ParseCommitBytes(written);
  if (!again) std::fprintf(stderr, "%s\n%s\n", again.error().message().c_str(), written.c_str());
  RTL_MUST_HOLD(again.has_value());
  RTL_MUST_HOLD(again->size() == actions->size());
  RTL_MUST_HOLD(delta::ToCommitBytes(*again) == written);
  return 0;
}
