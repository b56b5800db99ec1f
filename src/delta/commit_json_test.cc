#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/table.h"
#include "delta/testing_actions.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

template <typename T>
T Only(std::string_view bytes) {
  const auto actions = ParseCommitBytes(bytes);
  EXPECT_TRUE(actions) << actions.error().message();
  if (!actions || actions->size() != 1 || !std::holds_alternative<T>(actions->front())) {
    ADD_FAILURE() << "not the one action expected: " << bytes;
    return {};
  }
  return std::get<T>(actions->front());
}

std::string ErrorOf(std::string_view bytes, ErrorKind kind = ErrorKind::kBadData) {
  const auto actions = ParseCommitBytes(bytes);
  if (actions) return "no error";
  EXPECT_EQ(actions.error().kind(), kind);
  return actions.error().message();
}

TEST(CommitJson, WritesTheBytesOfTheProtocol) {
  Metadata metadata = SomeMetadata();
  metadata.configuration = {{"delta.appendOnly", "true"}};
  Add add = SomeAdd("a b.parquet");
  add.partition_values = {{"p", std::nullopt}, {"q", "1"}};
  const std::vector<Action> actions{Protocol{},
                                    metadata,
                                    add,
                                    RemoveOf(SomeAdd("old.parquet"), 5, true),
                                    Txn{.app_id = "app", .version = 7},
                                    InfoWith("t1")};
  EXPECT_EQ(ToCommitBytes(actions), R"({"commitInfo":{"operation":"WRITE","txnId":"t1"}}
{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}
{"metaData":{"id":"5e3f6b1c-0000-4000-8000-000000000000","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"wid\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}},{\"name\":\"n\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[],"configuration":{"delta.appendOnly":"true"},"createdTime":1700000000000}}
{"add":{"path":"a%20b.parquet","partitionValues":{"p":null,"q":"1"},"size":10,"modificationTime":1700000000000,"dataChange":true,"stats":"{\"numRecords\":1}","tags":{"key":"in/a.txt"}}}
{"remove":{"path":"old.parquet","deletionTimestamp":5,"dataChange":true,"extendedFileMetadata":true,"partitionValues":{},"size":10,"tags":{"key":"in/a.txt"}}}
{"txn":{"appId":"app","version":7}}
)");
}

TEST(CommitJson, ReadsBackWhatItWrote) {
  Protocol protocol{.min_reader_version = 3,
                    .min_writer_version = 7,
                    .reader_features = {"timestampNtz"},
                    .writer_features = {"timestampNtz", "appendOnly"}};
  Add add = SomeAdd("dir/ü%.parquet");
  add.partition_values = {{"p", std::nullopt}, {"q", "x\"\n"}};
  add.data_change = false;
  const std::vector<Action> actions{InfoWith("t"),
                                    protocol,
                                    SomeMetadata(),
                                    add,
                                    Remove{.path = "r", .deletion_timestamp_ms = 1},
                                    Txn{.app_id = "a", .version = -3, .last_updated_ms = 9}};
  const std::string bytes = ToCommitBytes(actions);
  const auto parsed = ParseCommitBytes(bytes);
  ASSERT_TRUE(parsed) << parsed.error().message();
  ASSERT_EQ(parsed->size(), actions.size());
  EXPECT_EQ(ToCommitBytes(*parsed), bytes);
  const Add& read = std::get<Add>((*parsed)[3]);
  EXPECT_EQ(read.path, "dir/ü%.parquet");
  EXPECT_EQ(read.partition_values, add.partition_values);
  EXPECT_FALSE(read.data_change);
  EXPECT_EQ(read.path_in_log, "");
}

TEST(CommitJson, KeepsTheSpellingOfForeignPaths) {
  const std::string line =
      R"({"add":{"path":"bar%2Dbar:ü.parquet","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true}})"
      "\n";
  const Add add = Only<Add>(line);
  EXPECT_EQ(add.path, "bar-bar:ü.parquet");
  EXPECT_EQ(ToCommitBytes(std::vector<Action>{add}), line);
  EXPECT_THAT(ToCommitBytes(std::vector<Action>{RemoveOf(add, 0, true)}), HasSubstr("bar%2Dbar:ü.parquet"));
}

TEST(CommitJson, IgnoresWhatItDoesNotKnow) {
  const auto actions = ParseCommitBytes(
      "{\"someAction\":{\"path\":\"x\"}}\n\n{\"other\":{}}\r\n"
      "{\"txn\":{\"appId\":\"a\",\"version\":1,\"new\":[1,{}]},\"add\":null}\n{}");
  ASSERT_TRUE(actions) << actions.error().message();
  EXPECT_EQ(actions->size(), 1U);
  EXPECT_TRUE(ParseCommitBytes("{}")->empty());
  EXPECT_THAT(ErrorOf(""), HasSubstr("empty"));
}

TEST(CommitJson, NamesTheLineOfGarbage) {
  EXPECT_THAT(ErrorOf("{}\n{\"add\":{\"path\":\"x\","), HasSubstr("line 2"));
  EXPECT_THAT(ErrorOf("{}\n\n[]"), HasSubstr("line 3: not a JSON object"));
  EXPECT_THAT(ErrorOf(std::string(3, '\0')), HasSubstr("line 1"));
  EXPECT_THAT(ErrorOf("\xff\xfe"), HasSubstr("line 1"));
  EXPECT_THAT(ErrorOf("{\"txn\":{\"appId\":\"a\",\"version\":1}} {}"), HasSubstr("line 1"));
  EXPECT_THAT(ErrorOf(R"({"add":[]})"), HasSubstr("field add is not an object"));
  EXPECT_THAT(ErrorOf(R"({"add":{"partitionValues":{},"size":1}})"), HasSubstr("field path is missing"));
  EXPECT_THAT(ErrorOf(R"({"add":{"path":"x","size":"1"}})"), HasSubstr("field size"));
  EXPECT_THAT(ErrorOf(R"({"txn":{"appId":"a","version":1.5}})"), HasSubstr("txn: field version"));
  EXPECT_THAT(ErrorOf(R"({"protocol":{"minReaderVersion":99999999999,"minWriterVersion":2}})"),
              HasSubstr("out of range"));
  EXPECT_THAT(ErrorOf(R"({"metaData":{"id":"i","schemaString":"{"}})"), HasSubstr("schema"));
}

TEST(CommitJson, EveryPrefixIsAnErrorOrShorter) {
  const std::string bytes = ToCommitBytes(
      std::vector<Action>{InfoWith("t"), Protocol{}, SomeMetadata(), SomeAdd("a"), SomeAdd("b")});
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto actions = ParseCommitBytes(std::string_view(bytes).substr(0, length));
    if (actions) {
      EXPECT_LE(actions->size(), 5U);
    }
  }
}

TEST(CommitJson, DeepNestingIsAnErrorNotACrash) {
  const std::string deep = "{\"x\":" + std::string(100'000, '[');
  EXPECT_THAT(ErrorOf(deep), HasSubstr("line 1"));
}

TEST(CommitJson, RefusesActionsThatContradictEachOther) {
  const std::string add = R"({"add":{"path":"x%2Dy","partitionValues":{},"size":1}})";
  EXPECT_THAT(ErrorOf(add + "\n" + add), HasSubstr("file x-y"));
  EXPECT_THAT(ErrorOf(add + "\n" + R"({"remove":{"path":"x-y"}})"), HasSubstr("file x-y"));
  EXPECT_THAT(ErrorOf(R"({"txn":{"appId":"a","version":1}})"
                      "\n"
                      R"({"txn":{"appId":"a","version":2}})"),
              HasSubstr("app id a"));
}

TEST(CommitJson, DeletionVectorsDomainsAndChangeFilesComeBackAsTheyWere) {
  Add add = SomeAdd("x");
  add.deletion_vector = {.storage_type = 'u',
                         .path_or_inline = "ab^-aqEH.-t@S}K{vb[*k^",
                         .offset = 4,
                         .size_in_bytes = 40,
                         .cardinality = 6};
  const std::vector<Action> actions{
      InfoWith("t"), DomainMetadata{.domain = "d", .configuration = "{\"a\":1}"},
      AddCdc{.path = "_change_data/y", .partition_values = {{"p", "1"}}, .size = 7},
      RemoveOf(SomeAdd("x"), 1, true), add};
  const std::string bytes = ToCommitBytes(actions);
  const auto parsed = ParseCommitBytes(bytes);
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(ToCommitBytes(*parsed), bytes);
  EXPECT_EQ(std::get<Add>(parsed->back()).deletion_vector, add.deletion_vector);
}

TEST(CommitJson, ADeletionVectorThatMakesNoSenseIsNamed) {
  const auto error = [](std::string_view vector) {
    return ErrorOf(fmt::format(R"({{"add":{{"path":"x","size":1,"deletionVector":{}}}}})", vector));
  };
  EXPECT_THAT(error(R"({"storageType":"u"})"), HasSubstr("deletionVector of x: field pathOrInlineDv"));
  EXPECT_THAT(error(R"({"storageType":"z","pathOrInlineDv":"","sizeInBytes":1,"cardinality":1})"),
              HasSubstr("storageType z"));
  EXPECT_THAT(error(R"({"storageType":"i","pathOrInlineDv":"","sizeInBytes":1,"cardinality":-1})"),
              HasSubstr("negative"));
}

TEST(CommitJson, RefusesOtherFormats) {
  EXPECT_THAT(ErrorOf(R"({"metaData":{"id":"i","format":{"provider":"csv"}}})", ErrorKind::kUnsupported),
              HasSubstr("csv"));
}

}  // namespace
}  // namespace rtl::delta
