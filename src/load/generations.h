// Versions of one object that the ledger has not seen (source.history = "all", on a store that keeps
// versions). Pure.
#pragma once

#include <deque>
#include <string_view>
#include <vector>

#include "flow/source_object.h"
#include "load/decisions.h"
#include "store/object_store.h"

namespace rtl::load {

// A version to load, or a delete to mirror, in its turn.
struct Generation {
  SourceObject object;     // deleted: only names and the delete marker's version_id
  bool is_delete = false;  // a delete marker
};

// `newest_first`: all versions that the store has of the key, named as source files. What is to be done,
// oldest first, so that the last one is what the store holds now; empty when the ledger stands there.
//
// Where the version that the ledger knows last is no longer among them (a lifecycle rule removed it, or a
// person did), only the newest is sure to be new; of the others those that were written after it are taken.
// LastModified orders them here, it identifies nothing.
std::deque<Generation> NewGenerations(const KeyAccount& account, const std::vector<Generation>& newest_first,
                                      std::string_view settings);

// What a listing says of an object against the ledger's last entry, where a listing tells no version_id
// though the store keeps versions: kNothing, kLoad, or kLook when only a HEAD can tell (the same bytes
// uploaded again).
enum class ListedDecision { kNothing, kLoad, kLook };
ListedDecision PlanListed(const KeyAccount& account, const SourceObject& listed, std::string_view settings);

}  // namespace rtl::load
