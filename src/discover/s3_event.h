// What a notification says has happened to which objects. Pure: bytes in, values out.
//
// Understood: S3 notifications as AWS, MinIO and versitygw send them, SNS envelopes, SQS batches as Lambda
// gets them, EventBridge events, the bodies of function URLs, API Gateway and load balancers, arrays of
// these, and these within each other. An event is only a hint to look at a key: what is true, a HEAD says, so
// that a doubled, late or invented event costs a request and no more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"

namespace rtl::discover {

enum class S3EventKind {
  kCreated,
  kRemoved,  // also by a delete marker, also by a lifecycle rule
  kIgnored,  // the object's content is what it was: `why` says what happened instead
};

struct S3Event {
  S3EventKind kind = S3EventKind::kIgnored;
  std::string name;  // as sent, without "s3:"; "ObjectCreated:Put", "Object Deleted"
  std::string why;   // of kIgnored: "restore", "tagging", "test event", ...
  std::string bucket;
  std::string key;                   // decoded: the object's own name, any bytes but NUL
  std::string version_id;            // empty: none (also for S3's "null")
  std::string etag;                  // without quotes; empty: none
  std::optional<std::int64_t> size;  // bytes
  std::string sequencer;             // hexadecimal; orders the events of one key on AWS; empty: none
  std::optional<Timestamp> time;
};

// What is acknowledged as one: a record of an SQS batch, else the whole envelope.
struct EventMessage {
  std::string id;  // SQS's messageId; empty where the envelope has none
  std::vector<S3Event> events;
  std::string problem;  // empty: all of it was understood; else why not: "not an S3 event: ..."
};

struct Envelope {
  enum class Form { kUnknown, kS3, kSns, kSqs, kEventBridge, kHttp };
  Form form = Form::kUnknown;          // of the outermost layer
  std::vector<EventMessage> messages;  // one or more, except for an empty SQS batch
};

// Whatever the bytes are, the answer is a value: what cannot be understood is a message with a problem.
Envelope DecodeEnvelope(std::string_view bytes);

// One message's text, as DecodeEnvelope reads the body of an SQS record. `id` stays empty.
EventMessage DecodeEventMessage(std::string_view bytes);

// The object's name behind the key of an S3 notification, which is form-encoded: "a+b%2Bc" is "a b+c". A text
// that form encoding cannot have made (a space, a byte that is not ASCII, a '%' without two digits) comes
// from a server that sends names as they are, and is returned so.
std::string DecodeFormKey(std::string_view key);

}  // namespace rtl::discover
