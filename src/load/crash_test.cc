// The fault loop over stores in memory.
#include "load/crash_suite.h"

namespace rtl::load {
namespace {

std::vector<Case> AllCases() {
  std::vector<Case> cases;
  for (std::size_t scenario = 0; scenario < Scenarios().size(); ++scenario) {
    for (const bool in_source : {false, true}) {
      for (const store::Fault fault :
           {store::Fault::kBefore, store::Fault::kAfter, store::Fault::kUnknownNotDone}) {
        for (const bool then_dead : {false, true})
          cases.push_back({scenario, in_source, fault, then_dead, {}});
      }
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Faults, CrashLoop, ::testing::ValuesIn(AllCases()), CaseName);

}  // namespace
}  // namespace rtl::load
