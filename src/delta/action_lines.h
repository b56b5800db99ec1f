// Lines of newline-delimited JSON, as commits, compactions and JSON checkpoints are made of.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <functional>
#include <string_view>

#include "core/error.h"

namespace rtl::delta {

class LineParser {
 public:
  // Each line of `text` that is not blank. Behind `text` lie SIMDJSON_PADDING readable bytes. The object is
  // valid until `take` returns. kBadData naming the line, counted over all calls, when it is no JSON object;
  // errors of `take` are wrapped with it as well.
  Result<> ForEachLine(std::string_view text, const std::function<Result<>(simdjson::dom::object)>& take);

  std::size_t lines() const { return lines_; }  // so far, blank ones as well

 private:
  Result<> ParseLine(std::string_view line, const std::function<Result<>(simdjson::dom::object)>& take);

  simdjson::dom::parser parser_;
  std::size_t lines_ = 0;
};

}  // namespace rtl::delta
