#include "lambda/handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/json_writer.h"

namespace rtl::lambda {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const discover::EventScope kScope{.bucket = "lake", .prefix = "in/"};

std::string Text(std::string_view text) {
  return std::move(JsonWriter().String(text)).Take();
}
std::string S3Record(std::string_view key, std::string_view bucket = "lake") {
  return R"({"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":)" + Text(bucket) +
         R"(},"object":{"key":)" + Text(key) + "}}}";
}
std::string Records(std::string_view records) {
  return R"({"Records":[)" + std::string(records) + "]}";
}
std::string SqsRecord(std::string_view id, std::string_view body) {
  return R"({"eventSource":"aws:sqs","messageId":)" + Text(id) + R"(,"body":)" + Text(body) + "}";
}

// Loads everything but what is named here.
class Loading {
 public:
  std::map<std::string, std::string> problems;
  std::vector<std::vector<std::string>> calls;

  LoadKeys load() {
    return [this](const std::vector<std::string>& keys) {
      calls.push_back(keys);
      std::vector<KeyResult> results;
      for (const std::string& key : keys) {
        const auto problem = problems.find(key);
        const bool fails = problem != problems.end();
        results.insert(results.begin(),
                       {.key = key, .handled = !fails, .problem = fails ? problem->second : std::string()});
      }
      return results;
    };
  }
};

TEST(LambdaHandler, ASqsBatchNamesTheMessagesToComeAgain) {
  Loading loading;
  loading.problems["b"] = "the store does not answer";
  const std::string event =
      Records(SqsRecord("m1", Records(S3Record("in/a"))) + "," +
              SqsRecord("m2", Records(S3Record("in/a") + "," + S3Record("in/b"))) + "," +
              SqsRecord("m3", "no json") + "," + SqsRecord("m4", Records(S3Record("in/x", "foreign"))) + "," +
              SqsRecord("m5", Records(S3Record("in/c"))));
  const Reply reply = HandleEvent(event, kScope, loading.load());
  EXPECT_FALSE(reply.is_error);
  EXPECT_EQ(reply.json, R"({"batchItemFailures":[{"itemIdentifier":"m2"},{"itemIdentifier":"m3"}]})");
  EXPECT_THAT(loading.calls, ElementsAre(ElementsAre("a", "b", "c"))) << "each key once, in one call";
  EXPECT_EQ(reply.keys, 3);
  EXPECT_EQ(reply.handled, 2);
  EXPECT_EQ(reply.repeated, 1);
  EXPECT_EQ(reply.refused, 1);
  EXPECT_THAT(reply.refusals, ElementsAre(HasSubstr("foreign")));
  EXPECT_THAT(reply.problems,
              ElementsAre("b: the store does not answer", HasSubstr("message m3: not an S3 event")));

  loading.problems.clear();
  EXPECT_EQ(HandleEvent(Records(SqsRecord("m1", Records(S3Record("in/a")))), kScope, loading.load()).json,
            R"({"batchItemFailures":[]})");
  EXPECT_TRUE(HandleEvent(Records(SqsRecord("", "no json")), kScope, loading.load()).is_error);
}

TEST(LambdaHandler, AnEventThatComesAloneIsRetriedWhole) {
  Loading loading;
  const std::string event = Records(S3Record("in/a") + "," + S3Record("in/b"));
  Reply reply = HandleEvent(event, kScope, loading.load());
  EXPECT_FALSE(reply.is_error);
  EXPECT_EQ(reply.json, R"({"keys":2,"handled":2,"ignored":0,"refused":0})");
  loading.problems = {{"a", "no room"}, {"b", ""}};
  reply = HandleEvent(event, kScope, loading.load());
  EXPECT_TRUE(reply.is_error);
  EXPECT_EQ(reply.error_type, "Load.Incomplete");
  EXPECT_EQ(reply.json, "a: no room (and 1 more)");
  EXPECT_EQ(reply.problems.at(1), "b: not handled");
}

TEST(LambdaHandler, EveryEnvelope) {
  Loading loading;
  const std::string s3 = Records(S3Record("in/k+1"));
  const std::string bridge =
      R"({"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"lake"},"object":{"key":"in/k 1"}}})";
  for (const std::string& event :
       {s3, bridge, Records(R"({"EventSource":"aws:sns","Sns":{"Message":)" + Text(s3) + "}}"),
        Records(SqsRecord("m", R"({"Type":"Notification","TopicArn":"t","Message":)" + Text(bridge) + "}")),
        "[" + SqsRecord("m", s3) + "]", R"({"requestContext":{},"body":)" + Text(s3) + "}"}) {
    loading.calls.clear();
    const Reply reply = HandleEvent(event, kScope, loading.load());
    EXPECT_FALSE(reply.is_error) << event;
    EXPECT_THAT(loading.calls, ElementsAre(ElementsAre("k 1"))) << event;
  }
}

TEST(LambdaHandler, WhatIsNotUnderstoodOrNotOurs) {
  Loading loading;
  Reply reply = HandleEvent("no json", kScope, loading.load());
  EXPECT_TRUE(reply.is_error);
  EXPECT_EQ(reply.error_type, "Event.NotUnderstood");
  EXPECT_THAT(reply.json, HasSubstr("no JSON"));
  reply = HandleEvent(Records(S3Record("out/a") + "," + S3Record("in/a", "foreign")), kScope, loading.load());
  EXPECT_FALSE(reply.is_error);
  EXPECT_EQ(reply.refused, 2);
  EXPECT_THAT(loading.calls, IsEmpty()) << "nothing to load";
  reply = HandleEvent(Records(S3Record("in/a") + ",7"), kScope, loading.load());
  EXPECT_TRUE(reply.is_error);
  EXPECT_THAT(loading.calls, SizeIs(1)) << "what is understood is loaded all the same";
}

TEST(LambdaHandler, HttpCallersGetAStatus) {
  Loading loading;
  const auto answer = [&](const std::string& body) {
    return HandleEvent(R"({"requestContext":{},"body":)" + Text(body) + "}", kScope, loading.load()).json;
  };
  EXPECT_THAT(answer(Records(S3Record("in/a"))), HasSubstr(R"("statusCode":200)"));
  EXPECT_THAT(answer("x"), HasSubstr(R"("statusCode":400)"));
  loading.problems["a"] = "no room";
  EXPECT_THAT(answer(Records(S3Record("in/a"))), HasSubstr(R"("statusCode":503)"));
}

TEST(LambdaHandler, AKeyWithoutAResultIsNotHandled) {
  const Reply reply = HandleEvent(Records(S3Record("in/a")), kScope, [](const std::vector<std::string>&) {
    return std::vector<KeyResult>{{.key = "other", .handled = true}};
  });
  EXPECT_TRUE(reply.is_error);
}

}  // namespace
}  // namespace rtl::lambda
