// Every interleaving of two loaders on one key, run through the real decisions, to a bounded depth, with I1
// to I6 checked at each step; and for each rule of the protocol, the same search without that rule must find
// what the rule prevents.
#include <gtest/gtest.h>

#include "load/interleaving_checker.h"

namespace rtl::load::interleaving {
namespace {

void ExpectHolds(const World& world) {
  Checker checker(world, Rules{});
  EXPECT_EQ(checker.Run(), "");
}

void ExpectBreaks(const World& world, const Rules& rules, const std::string& invariant) {
  Checker checker(world, rules);
  const std::string found = checker.Run();
  EXPECT_NE(found.find("=> " + invariant), std::string::npos) << "found instead: " << found;
}

TEST(Interleavings, Etags) {
  ExpectHolds({.contents = "AB", .writes = 2});
}
TEST(Interleavings, EtagsThreeWrites) {
  ExpectHolds({.contents = "A", .writes = 3, .optimizes = 0, .lost_replies = false});
}
TEST(Interleavings, VersionIds) {
  ExpectHolds({.contents = "A", .writes = 2, .versioned = true});
}
TEST(Interleavings, HeldFiles) {
  ExpectHolds({.contents = "AX", .writes = 2, .lost_replies = false});
}
// Held, then the bytes of the rows again, then new ones: the held version's number must not be given again.
TEST(Interleavings, HeldThenTheOldBytesAgain) {
  ExpectHolds({.contents = "AX", .loaders = 1, .writes = 4, .optimizes = 0, .lost_replies = false});
}
TEST(Interleavings, EmptyFiles) {
  ExpectHolds({.contents = "AE", .writes = 2, .lost_replies = false});
}

// Each rule taken away in turn.

TEST(WithoutTheRule, BaseVersion) {
  Rules rules;  // files are compared, entries after the base are not looked at
  rules.still_holds = [](const KeyChange& change, const KeyAccount& now, Version) {
    KeyAccount untouched = now;
    untouched.last_at = -1;
    return StillHolds(change, untouched, -1);
  };
  ExpectBreaks({.contents = "A", .writes = 2, .optimizes = 0, .lost_replies = false}, rules, "I4");
}

TEST(WithoutTheRule, BaseBeforeTheHead) {
  Rules rules;
  rules.base_before_head = false;
  ExpectBreaks({.contents = "A", .writes = 2, .optimizes = 0, .lost_replies = false}, rules, "I4");
}

TEST(WithoutTheRule, FileRecordsForKeysWithoutAnAdd) {
  Rules rules;
  rules.file_records_for_keys_without_an_add = false;
  ExpectBreaks({.contents = "A", .writes = 3, .optimizes = 0, .lost_replies = false}, rules, "I5");
}

TEST(WithoutTheRule, DerivedAppendIsComputedAnewAfterAConflict) {
  Rules rules;
  rules.recompute_derived_after_conflict = false;
  ExpectBreaks({.contents = "A", .writes = 1, .optimizes = 0, .lost_replies = false}, rules, "I5");
}

TEST(WithoutTheRule, RemoveOfAFileThatIsGone) {
  Rules rules;
  rules.still_holds = [](const KeyChange& change, const KeyAccount& now, Version since) {
    return !Touched(now, change.base, since);
  };
  ExpectBreaks({.contents = "A", .writes = 2, .lost_replies = false}, rules, "I1");
}

TEST(WithoutTheRule, ReadBackOfAnUnknownCommit) {
  Rules rules;  // put again at the next version
  rules.after_unknown = [](delta::PutOutcome) { return AfterPut::kPutAgain; };
  ExpectBreaks({.contents = "A", .writes = 1, .optimizes = 0}, rules, "I2");
}

TEST(WithoutTheRule, PinnedReads) {
  Rules rules;
  rules.pinned = false;
  ExpectBreaks({.contents = "AB", .writes = 3, .optimizes = 0, .lost_replies = false}, rules, "I1");
}

TEST(WithoutTheRule, UnchangedComparesWithTheBytesBehindTheRows) {
  Rules rules;  // with the last entry's hash instead, which may be that of a held version
  rules.unchanged_hash = [](const KeyAccount& account) {
    std::optional<FileTag> tag = RowsTag(account);
    if (tag && account.last && account.last->hash) tag->hash = *account.last->hash;
    return tag;
  };
  ExpectBreaks({.contents = "AX", .writes = 3, .optimizes = 0, .versioned = true, .lost_replies = false},
               rules, "I1");
}

TEST(WithoutTheRule, TheHighestNumberGivenOutIsRemembered) {
  Rules rules;  // in the last entry; its own file_version is not enough
  rules.forget_highest_version = true;
  ExpectBreaks({.contents = "AX", .loaders = 1, .writes = 4, .optimizes = 0, .lost_replies = false}, rules,
               "I5");
}

TEST(WithoutTheRule, EntriesThatDoNotExplainTheRowsAreNotBelieved) {
  KeyAccount account;
  account.last.emplace();
  account.last->version.etag = "A";
  account.last->row_count = 10;  // but the account has no file
  EXPECT_EQ(PlanKey(account, ObjectVersion{"A", "", true}, ""), Decision::kLoad);
}

}  // namespace
}  // namespace rtl::load::interleaving
