// What a link(2) that returned has done. Pure.
#pragma once

#include <cstdint>

namespace rtl::store {

enum class LinkOutcome {
  kCreated,  // this call made the name
  kExists,   // another made it
  kNotDone,  // refused, nothing happened
  kUnknown,
};

// `error` is link's errno, 0 for success; `links` how many names the linked file has afterwards (0: could not
// be found out). A network file system may do the link, lose the reply and report EEXIST on its own retry:
// the count of names tells.
LinkOutcome JudgeLink(int error, std::uint64_t links);

}  // namespace rtl::store
