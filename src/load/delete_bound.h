// The guard against mass deletes, over all ways in which a delete is found: a listing's absences are judged
// together; deletes found one by one (by hints, or by a look anew) count with those since the last listing. A
// folder that is emptied or unmounted must not empty the tables, however it shows. Thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>

#include "load/decisions.h"

namespace rtl::load {

class DeleteBound {
 public:
  // `known`: files that the ledger knew when the bound was made.
  DeleteBound(const Guard& guard, std::int64_t known) : guard_(guard), known_(known) {}

  // A listing lacks `unseen` of the `known` files that live in the ledger. Empty when they may be deleted,
  // else what to tell.
  std::string Judge(std::int64_t unseen, std::int64_t known) {
    const std::lock_guard lock(mutex_);
    const auto found = static_cast<std::int64_t>(found_.size());
    refusal_ = MassDeleteRefusal(guard_, unseen + found, known + found);
    judged_ = refusal_.empty() ? unseen : 0;
    known_ = known;
    found_.clear();
    return refusal_;
  }

  // Whether the delete of this file, found by itself, may be committed. When not, `notice` is set the first
  // time.
  bool Allow(const std::string& source_file, std::string& notice) {
    const std::lock_guard lock(mutex_);
    found_.insert(source_file);
    const std::int64_t gone = judged_ + static_cast<std::int64_t>(found_.size());
    const std::string refusal = MassDeleteRefusal(guard_, gone, std::max(known_, gone));
    if (refusal.empty()) return true;
    found_.erase(source_file);
    if (refusal_.empty()) notice = "many files vanish at once, deletes wait for the next listing: " + refusal;
    refusal_ = refusal;
    return false;
  }

  // The file is there again.
  void Back(const std::string& source_file) {
    const std::lock_guard lock(mutex_);
    found_.erase(source_file);
  }

  // Of the last listing, or of a delete since; empty when none was refused.
  std::string refusal() const {
    const std::lock_guard lock(mutex_);
    return refusal_;
  }

 private:
  const Guard& guard_;
  mutable std::mutex mutex_;
  std::int64_t known_;
  std::int64_t judged_ = 0;      // deletes that the last listing was allowed
  std::set<std::string> found_;  // one by one since then
  std::string refusal_;
};

}  // namespace rtl::load
