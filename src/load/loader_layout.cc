// The loader's commands that move rows without changing them.
#include <fmt/format.h>

#include <algorithm>

#include "load/loader_parts.h"
#include "load/repack.h"

namespace rtl::load {

Result<RepackReport> LoaderParts::ConvertLayout(Layout to, std::stop_token stop) {
  if (!exist_) {
    return Fail(ErrorKind::kNotFound,
                fmt::format("there are no tables at {} yet: run sync first", tables_.Uri()));
  }
  RTL_CHECK(ledger_->CheckNothingLost());
  RepackOptions repack;
  repack.to = to;
  RTL_TRY(const RepackReport report, load::ConvertLayout(set_, *ledger_, repack, clock_, stop));
  RTL_CHECK(Derive());
  return report;
}

Result<RepackReport> LoaderParts::Compact(std::stop_token stop) {
  if (!exist_ || !ledger_->packed()) return RepackReport();
  RTL_CHECK(ledger_->CheckNothingLost());
  RepackOptions repack;
  repack.target_bytes = options_.maintenance.target_bytes;
  const auto small = static_cast<std::size_t>(options_.maintenance.small_files);
  repack.min_small = std::min(repack.min_small, small);
  return CompactPacked(set_, *ledger_, repack, clock_, stop);
}

}  // namespace rtl::load
