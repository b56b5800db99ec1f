#include "discover/s3_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "core/json_writer.h"
#include "discover/testing_corpora.h"

namespace rtl::discover {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Form = Envelope::Form;

std::string Record(std::string_view name, std::string_view key, std::string_view more = {}) {
  std::string record = R"({"eventSource":"aws:s3","eventName":")";
  record += name;
  record += R"(","eventTime":"2026-01-31T12:00:00.500Z","s3":{"bucket":{"name":"lake"},"object":{"key":")";
  record += key;
  record += R"("}})";
  record += more;
  return record + "}";
}
std::string Records(std::string_view records) {
  return R"({"Records":[)" + std::string(records) + "]}";
}
std::string Text(std::string_view text) {
  return std::move(JsonWriter().String(text)).Take();
}
std::string SqsRecord(std::string_view id, std::string_view body) {
  return R"({"eventSource":"aws:sqs","messageId":)" + Text(id) + R"(,"body":)" + Text(body) + "}";
}
std::string Sns(std::string_view message) {
  return R"({"Type":"Notification","TopicArn":"arn:aws:sns:eu-west-1:1:t","Message":)" + Text(message) + "}";
}
std::string EventBridge(std::string_view type, std::string_view key) {
  return R"({"version":"0","detail-type":)" + Text(type) +
         R"(,"source":"aws.s3","time":"2026-01-31T12:00:00Z","detail":{"bucket":{"name":"lake"},"object":{"key":)" +
         Text(key) + R"(,"size":5,"etag":"b1","version-id":"v1","sequencer":"617f"}}})";
}

S3Event OnlyEvent(std::string_view bytes) {
  const Envelope envelope = DecodeEnvelope(bytes);
  EXPECT_THAT(envelope.messages, SizeIs(1)) << bytes;
  if (envelope.messages.size() != 1) return {};
  EXPECT_EQ(envelope.messages[0].problem, "") << bytes;
  EXPECT_THAT(envelope.messages[0].events, SizeIs(1)) << bytes;
  return envelope.messages[0].events.size() == 1 ? envelope.messages[0].events[0] : S3Event();
}

std::string OnlyProblem(std::string_view bytes) {
  const Envelope envelope = DecodeEnvelope(bytes);
  EXPECT_THAT(envelope.messages, SizeIs(1)) << bytes;
  return envelope.messages.empty() ? "" : envelope.messages[0].problem;
}

std::string ReadCorpusFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(S3Event, NotificationOfAws) {
  const S3Event event = OnlyEvent(Records(
      R"({"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"2026-01-31T12:00:00.5Z","eventName":"ObjectCreated:Put",
      "s3":{"configurationId":"x","bucket":{"name":"lake","arn":"arn:aws:s3:::lake"},
      "object":{"key":"in/a+b%2Bc%25%C3%A9.txt","size":1024,"eTag":"d41d","versionId":"096f","sequencer":"0055AE"}}})"));
  EXPECT_EQ(event.kind, S3EventKind::kCreated);
  EXPECT_EQ(event.name, "ObjectCreated:Put");
  EXPECT_EQ(event.bucket, "lake");
  EXPECT_EQ(event.key, "in/a b+c%\xc3\xa9.txt");
  EXPECT_EQ(event.size, 1024);
  EXPECT_EQ(event.etag, "d41d");
  EXPECT_EQ(event.version_id, "096f");
  EXPECT_EQ(event.sequencer, "0055AE");
  EXPECT_EQ(event.time, Timestamp(std::chrono::milliseconds(1'769'860'800'500)));
}

TEST(S3Event, WhatEachNameComesTo) {
  const std::map<std::string, std::pair<S3EventKind, std::string>> expected = {
      {"ObjectCreated:Post", {S3EventKind::kCreated, ""}},
      {"s3:ObjectCreated:CompleteMultipartUpload", {S3EventKind::kCreated, ""}},
      {"ObjectCreated:Copy", {S3EventKind::kCreated, ""}},
      {"ObjectRemoved:Delete", {S3EventKind::kRemoved, ""}},
      {"ObjectRemoved:DeleteMarkerCreated", {S3EventKind::kRemoved, ""}},
      {"LifecycleExpiration:Delete", {S3EventKind::kRemoved, ""}},
      {"s3:LifecycleExpiration:DeleteMarkerCreated", {S3EventKind::kRemoved, ""}},
      {"ObjectRestore:Completed", {S3EventKind::kIgnored, "restore"}},
      {"LifecycleTransition", {S3EventKind::kIgnored, "lifecycle transition"}},
      {"Replication:OperationMissedThreshold", {S3EventKind::kIgnored, "replication"}},
      {"ObjectTagging:Put", {S3EventKind::kIgnored, "tagging"}},
      {"ObjectAcl:Put", {S3EventKind::kIgnored, "ACL"}},
      {"IntelligentTiering", {S3EventKind::kIgnored, "intelligent tiering"}},
      {"s3:ObjectAccessed:Get", {S3EventKind::kIgnored, "access"}},
      {"NextYears:Event", {S3EventKind::kIgnored, "an event that says nothing of an object's content"}},
  };
  for (const auto& [name, kind] : expected) {
    const S3Event event = OnlyEvent(Records(Record(name, "a")));
    EXPECT_EQ(event.kind, kind.first) << name;
    EXPECT_EQ(event.why, kind.second) << name;
  }
}

TEST(S3Event, VersitygwSendsNamesAsTheyAre) {
  const S3Event event = OnlyEvent(
      R"({"Records":[{"eventVersion":"2.2","eventSource":"aws:s3","eventTime":"2026-11-25T21:22:32Z","eventName":"s3:ObjectCreated:Put",
      "s3":{"configurationId":"webhook-global","bucket":{"name":"bucket1","arn":"arn:aws:s3:::/bucket1/a+b%25"},
      "object":{"key":"a+b%25","size":2,"eTag":"\"49f6\"","versionId":null,"sequencer":"1"}},"glacierEventData":{"restoreEventData":{}}}]})");
  EXPECT_EQ(event.key, "a+b%25");
  EXPECT_EQ(event.etag, "49f6");
  EXPECT_EQ(event.version_id, "");
}

TEST(S3Event, MinioWrapsItsRecords) {
  const S3Event event =
      OnlyEvent(R"({"EventName":"s3:ObjectCreated:Put","Key":"lake/a b","Records":[)" +
                std::string(R"({"eventSource":"minio:s3","eventName":"s3:ObjectCreated:Put","s3":)"
                            R"({"bucket":{"name":"lake"},"object":{"key":"in%2Fa+b"}}}]})"));
  EXPECT_EQ(event.key, "in/a b");
}

TEST(S3Event, FormKeys) {
  EXPECT_EQ(DecodeFormKey("Happy%20Face+1%2b.jpg"), "Happy Face 1+.jpg");
  EXPECT_EQ(DecodeFormKey("a%0Ab%ff"), "a\nb\xff");
  EXPECT_EQ(DecodeFormKey("100%"), "100%") << "no form encoding";
  EXPECT_EQ(DecodeFormKey("a+%zz"), "a+%zz");
  EXPECT_EQ(DecodeFormKey("a+b c"), "a+b c") << "a space is never left by form encoding";
  EXPECT_EQ(DecodeFormKey("\xc3\xa9+1"), "\xc3\xa9+1");
  EXPECT_EQ(DecodeFormKey(""), "");
}

TEST(S3Event, EventBridgeDoesNotEncodeKeys) {
  S3Event event = OnlyEvent(EventBridge("Object Created", "a+b%20c d"));
  EXPECT_EQ(event.kind, S3EventKind::kCreated);
  EXPECT_EQ(event.key, "a+b%20c d");
  EXPECT_EQ(event.version_id, "v1");
  EXPECT_EQ(event.etag, "b1");
  EXPECT_EQ(event.size, 5);
  EXPECT_TRUE(event.time);
  EXPECT_EQ(OnlyEvent(EventBridge("Object Deleted", "a")).kind, S3EventKind::kRemoved);
  EXPECT_EQ(OnlyEvent(EventBridge("Object Tags Added", "a")).why, "tagging");
  EXPECT_EQ(OnlyEvent(EventBridge("Object Restore Completed", "a")).why, "restore");
  EXPECT_EQ(OnlyEvent(EventBridge("Object Access Tier Changed", "a")).why, "intelligent tiering");
  EXPECT_THAT(OnlyProblem(R"({"detail-type":"EC2 Instance","source":"aws.ec2","detail":{}})"),
              HasSubstr("aws.ec2"));
}

TEST(S3Event, SqsBatchKeepsEachMessagesId) {
  const Envelope envelope = DecodeEnvelope(Records(
      SqsRecord("m1", Records(Record("ObjectCreated:Put", "a") + "," + Record("ObjectRemoved:Delete", "b"))) +
      "," + SqsRecord("m2", "no json") + "," +
      SqsRecord("m3", R"({"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"lake"})")));
  EXPECT_EQ(envelope.form, Form::kSqs);
  ASSERT_THAT(envelope.messages, SizeIs(3));
  EXPECT_EQ(envelope.messages[0].id, "m1");
  EXPECT_EQ(envelope.messages[0].problem, "");
  EXPECT_THAT(envelope.messages[0].events, SizeIs(2));
  EXPECT_EQ(envelope.messages[1].id, "m2");
  EXPECT_THAT(envelope.messages[1].problem, HasSubstr("no JSON"));
  EXPECT_EQ(envelope.messages[2].problem, "");
  ASSERT_THAT(envelope.messages[2].events, SizeIs(1));
  EXPECT_EQ(envelope.messages[2].events[0].why, "test event");
}

TEST(S3Event, LayersWithinEachOther) {
  const std::string s3 = Records(Record("ObjectCreated:Put", "a+b"));
  EXPECT_EQ(OnlyEvent(Sns(s3)).key, "a b");
  EXPECT_EQ(OnlyEvent(Records(R"({"EventSource":"aws:sns","Sns":{"Message":)" + Text(s3) + "}}")).key, "a b");
  EXPECT_EQ(OnlyEvent(Records(SqsRecord("m", Sns(s3)))).key, "a b");
  EXPECT_EQ(OnlyEvent(Records(SqsRecord("m", Sns(EventBridge("Object Created", "a+b"))))).key, "a+b");
  // EventBridge Pipes: the bare array
  const Envelope pipe = DecodeEnvelope("[" + SqsRecord("m1", s3) + "," + SqsRecord("m2", s3) + "]");
  EXPECT_EQ(pipe.form, Form::kSqs);
  ASSERT_THAT(pipe.messages, SizeIs(2));
  EXPECT_EQ(pipe.messages[1].id, "m2");
  EXPECT_THAT(pipe.messages[1].events, SizeIs(1));
  EXPECT_THAT(DecodeEnvelope("[" + EventBridge("Object Created", "a") + "," +
                             EventBridge("Object Deleted", "b") + "]")
                  .messages[0]
                  .events,
              SizeIs(2));
}

TEST(S3Event, BodiesOfHttpRequests) {
  // {"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}]}
  const S3Event event = OnlyEvent(
      R"({"version":"2.0","requestContext":{"http":{"method":"POST"}},"isBase64Encoded":true,"body":)"
      R"("eyJSZWNvcmRzIjpbeyJldmVudFNvdXJjZSI6ImF3czpzMyIsImV2ZW50TmFtZSI6Ik9iamVjdENyZWF0ZWQ6UHV0IiwiczMiOnsiYnVja2V0Ijp7Im5hbWUiOiJiIn0sIm9iamVjdCI6eyJrZXkiOiJrIn19fV19"})");
  EXPECT_EQ(event.bucket, "b");
  EXPECT_EQ(event.key, "k");
  EXPECT_THAT(OnlyProblem(R"({"requestContext":{},"isBase64Encoded":true,"body":"*"})"), HasSubstr("base64"));
  EXPECT_THAT(OnlyProblem(R"({"httpMethod":"GET","body":null})"), HasSubstr("without a body"));
}

TEST(S3Event, WhatIsNoS3EventIsAValue) {
  for (const std::string text :
       {"", "{", "null", "3", "\"x\"", "{}", "[1]", R"({"a":1})", R"({"Records":[3]})",
        R"({"Records":[{"eventSource":"aws:kinesis"}]})", R"({"Records":[{"eventSource":"aws:s3"}]})",
        R"({"Type":"Odd","TopicArn":"x"})", R"({"Records":[{"eventSource":"aws:sqs"}]})"}) {
    EXPECT_THAT(OnlyProblem(text), HasSubstr("not an S3 event: ")) << text;
  }
  EXPECT_THAT(OnlyProblem(Records(Record("ObjectCreated:Put", ""))), HasSubstr("without a key"));
  EXPECT_THAT(OnlyProblem(Records(Record("ObjectCreated:Put", "a%00b"))), HasSubstr("zero byte"));
  EXPECT_EQ(OnlyProblem(R"({"Records":[]})"), "") << "nothing happened, and that is understood";
}

TEST(S3Event, ARecordThatIsNotUnderstoodHidesNoOther) {
  const Envelope envelope =
      DecodeEnvelope(Records(Record("ObjectCreated:Put", "a") + ",7," + Record("ObjectCreated:Put", "b")));
  ASSERT_THAT(envelope.messages, SizeIs(1));
  EXPECT_THAT(envelope.messages[0].events, SizeIs(2));
  EXPECT_NE(envelope.messages[0].problem, "");
}

TEST(S3Event, DeepNestingIsAProblemNotACrash) {
  std::string text = Records(Record("ObjectCreated:Put", "a"));
  for (int i = 0; i < 12; ++i) text = Sns(text);
  EXPECT_THAT(OnlyProblem(text), HasSubstr("nested"));
  EXPECT_THAT(OnlyProblem(std::string(500, '[') + std::string(500, ']')), HasSubstr("nested"));
  EXPECT_THAT(OnlyProblem(std::string(5000, '[')), HasSubstr("no JSON"));
}

TEST(S3Event, Corpus) {
  RTL_NEED_CORPUS(folder, "aws_events");
  struct Expected {
    Form form;
    S3EventKind kind;
    std::string why;  // of an event that is ignored
    std::string key;
  };
  const std::map<std::string, Expected> events = {
      {"s3-event.json", {Form::kS3, S3EventKind::kCreated, "", "Happy Face.jpg"}},
      {"s3-event-with-decoded.json", {Form::kS3, S3EventKind::kCreated, "", "Happy Face.jpg"}},
      {"s3-glacier-event.json", {Form::kS3, S3EventKind::kIgnored, "restore", "glacier-test.txt"}},
      {"s3-restore-event.json", {Form::kS3, S3EventKind::kIgnored, "restore", "glacier-test.txt"}},
      {"s3-intelligenttier-event.json",
       {Form::kS3, S3EventKind::kIgnored, "intelligent tiering", "intelligent-tier-test.dat"}},
      {"s3-lifecycle-event.json",
       {Form::kS3, S3EventKind::kIgnored, "lifecycle transition", "lifecycle-test.dat"}},
      {"s3-replication-event.json",
       {Form::kS3, S3EventKind::kIgnored, "replication", "replication-test.png"}},
  };
  const std::map<std::string, Form> strangers = {
      {"apigw-request.json", Form::kHttp}, {"lambda-urls-request.json", Form::kHttp},
      {"sns-event.json", Form::kSns},      {"cloudwatch-alarm-sns-payload-single-metric.json", Form::kSns},
      {"sqs-event.json", Form::kSqs},      {"kinesis-event.json", Form::kUnknown},
  };
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    SCOPED_TRACE(name);
    const std::string bytes = ReadCorpusFile(entry.path());
    ++seen;
    if (const auto stranger = strangers.find(name); stranger != strangers.end()) {
      const Envelope envelope = DecodeEnvelope(bytes);
      EXPECT_EQ(envelope.form, stranger->second);
      for (const EventMessage& message : envelope.messages) {
        EXPECT_THAT(message.problem, HasSubstr("not an S3 event"));
        EXPECT_THAT(message.events, IsEmpty());
      }
      EXPECT_EQ(envelope.messages.at(0).id, name == "sqs-event.json" ? "MessageID_1" : "");
      continue;
    }
    ASSERT_TRUE(events.contains(name)) << "a file that no one has looked at";
    const Expected& expected = events.at(name);
    const S3Event event = OnlyEvent(bytes);
    EXPECT_EQ(DecodeEnvelope(bytes).form, expected.form);
    EXPECT_EQ(event.kind, expected.kind);
    EXPECT_EQ(event.why, expected.why);
    EXPECT_EQ(event.key, expected.key);
    EXPECT_NE(event.version_id, "");
    EXPECT_NE(event.etag, "");
    EXPECT_TRUE(event.size);
    EXPECT_TRUE(event.time);
  }
  EXPECT_EQ(seen, events.size() + strangers.size());
}

// Whatever is done to a body, the answer is a value in which every acting event has a bucket and a key, and
// nothing is both empty and without a problem unless the body says that nothing happened.
TEST(S3Event, MutatedBodies) {
  const std::string s3 =
      Records(Record("ObjectCreated:Put", "a+b%20c") + "," + Record("ObjectRemoved:Delete", "d"));
  const std::vector<std::string> seeds = {
      s3,
      Sns(s3),
      Records(SqsRecord("m1", Sns(s3)) + "," + SqsRecord("m2", s3)),
      EventBridge("Object Created", "a+b"),
      "[" + SqsRecord("m", EventBridge("Object Deleted", "x")) + "]",
      R"({"requestContext":{},"isBase64Encoded":true,"body":"eyJSZWNvcmRzIjpbXX0="})"};
  std::mt19937_64 random(20260131);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  std::int64_t understood = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string body = seeds[below(seeds.size())];
    for (std::size_t edits = 1 + below(4); edits > 0 && !body.empty(); --edits) {
      const std::size_t at = below(body.size());
      switch (below(6)) {
        case 0:
          body[at] = static_cast<char>(random());
          break;
        case 1:
          body[at] ^= static_cast<char>(1U << below(8));
          break;
        case 2:
          body.erase(at, 1 + below(12));
          break;
        case 3:
          body.insert(at, 1, R"({}[]":,\%+0n)"[below(12)]);
          break;
        case 4:
          body.insert(at, body.substr(below(body.size()), below(40)));
          break;
        default:
          body.resize(at);
          break;
      }
    }
    for (const EventMessage& message : DecodeEnvelope(body).messages) {
      if (message.problem.empty()) ++understood;
      for (const S3Event& event : message.events) {
        if (event.kind == S3EventKind::kIgnored) {
          ASSERT_NE(event.why, "") << body;
          continue;
        }
        ASSERT_NE(event.bucket, "") << body;
        ASSERT_NE(event.key, "") << body;
        ASSERT_EQ(event.key.find('\0'), std::string::npos) << body;
      }
    }
  }
  EXPECT_GT(understood, 1000) << "mutations that break all bodies test nothing";
}

}  // namespace
}  // namespace rtl::discover
