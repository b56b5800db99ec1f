#include "delta/json_checksum.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "delta/testing_corpora.h"

namespace rtl::delta {
namespace {

// The example of the protocol.
TEST(JsonChecksum, OfAnObjectOfObjectsAndArrays) {
  const auto* json =
      R"({"k0":"'v 0'", "checksum": "adsaskfljadfkjadfkj", "k1":{"k2": 2, "k3": ["v3", [1, 2], {"k4": "v4", "k5": ["v5", "v6", "v7"]}]}})";
  EXPECT_EQ(
      CanonicalJson(json),
      R"("k0"="%27v%200%27","k1"+"k2"=2,"k1"+"k3"+0="v3","k1"+"k3"+1+0=1,"k1"+"k3"+1+1=2,)"
      R"("k1"+"k3"+2+"k4"="v4","k1"+"k3"+2+"k5"+0="v5","k1"+"k3"+2+"k5"+1="v6","k1"+"k3"+2+"k5"+2="v7")");
  EXPECT_EQ(JsonChecksum(json), "6a92d155a59bf2eecbd4b4ec7fd1f875");
}

TEST(JsonChecksum, LiteralsAndNumbersStandForThemselves) {
  EXPECT_EQ(CanonicalJson(R"({ "b" : 3.140e1 , "a" : null, "c" : true, "ä":"\u00e4>" })"),
            R"("%C3%A4"="%C3%A4%3E","a"=null,"b"=3.140e1,"c"=true)");
  EXPECT_EQ(CanonicalJson(R"({"x":{"checksum":"kept"}})"), R"("x"+"checksum"="kept")");
}

TEST(JsonChecksum, WhatHasNoCanonicalForm) {
  for (const auto* json : {"", "[1]", "{", R"({"a":1,"a":2})", R"({"a":{"b":1,"b":2}})", R"({"a":tru})"}) {
    EXPECT_FALSE(CanonicalJson(json)) << json;
  }
  std::string deep;
  for (int i = 0; i < 500; ++i) deep += R"({"a":)";
  EXPECT_FALSE(CanonicalJson(deep + "1" + std::string(500, '}')));
}

TEST(JsonChecksum, OfHintsThatOthersWrote) {
  for (const auto* name :
       {"delta_tables/v2-checkpoints-json-with-sidecars", "delta_golden/v2-checkpoint-parquet",
        "delta_golden/checkpoint", "delta_tables/v2-classic-checkpoint-parquet"}) {
    RTL_NEED_PACKED_CORPUS(corpus, name);
    std::ifstream file(corpus.folder() / "_delta_log" / "_last_checkpoint");
    const std::string json{std::istreambuf_iterator<char>(file), {}};
    const auto checksum = JsonChecksum(json);
    ASSERT_TRUE(checksum) << checksum.error().message();
    EXPECT_NE(json.find(R"("checksum":")" + **checksum + '"'), std::string::npos) << json;
  }
}

}  // namespace
}  // namespace rtl::delta
