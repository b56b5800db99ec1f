#include "discover/s3_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "discover/base64.h"
#include "discover/event_time.h"
#include "discover/json_lookup.h"

namespace rtl::discover {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// SQS in Lambda, SNS in it, EventBridge in that: three. More is somebody's joke.
constexpr int kMaxNesting = 8;

struct NamedKind {
  std::string_view prefix;
  S3EventKind kind;
  std::string_view why;
};

// S3 User Guide, "Supported event types for SQS, SNS, and Lambda"; ObjectAccessed is MinIO's.
constexpr std::array kNotifications = {
    NamedKind{"ObjectCreated:", S3EventKind::kCreated, ""},
    NamedKind{"ObjectRemoved:", S3EventKind::kRemoved, ""},
    NamedKind{"LifecycleExpiration:", S3EventKind::kRemoved, ""},
    NamedKind{"ObjectRestore:", S3EventKind::kIgnored, "restore"},
    NamedKind{"LifecycleTransition", S3EventKind::kIgnored, "lifecycle transition"},
    NamedKind{"Replication:", S3EventKind::kIgnored, "replication"},
    NamedKind{"ObjectTagging:", S3EventKind::kIgnored, "tagging"},
    NamedKind{"ObjectAcl:", S3EventKind::kIgnored, "ACL"},
    NamedKind{"IntelligentTiering", S3EventKind::kIgnored, "intelligent tiering"},
    NamedKind{"ReducedRedundancyLostObject", S3EventKind::kIgnored, "lost by reduced redundancy"},
    NamedKind{"ObjectAccessed:", S3EventKind::kIgnored, "access"},
    NamedKind{"TestEvent", S3EventKind::kIgnored, "test event"},
};

// S3 User Guide, "Using EventBridge": the detail types.
constexpr std::array kDetailTypes = {
    NamedKind{"Object Created", S3EventKind::kCreated, ""},
    NamedKind{"Object Deleted", S3EventKind::kRemoved, ""},
    NamedKind{"Object Restore ", S3EventKind::kIgnored, "restore"},
    NamedKind{"Object Storage Class Changed", S3EventKind::kIgnored, "lifecycle transition"},
    NamedKind{"Object Access Tier Changed", S3EventKind::kIgnored, "intelligent tiering"},
    NamedKind{"Object ACL Updated", S3EventKind::kIgnored, "ACL"},
    NamedKind{"Object Tags ", S3EventKind::kIgnored, "tagging"},
};

// versitygw names its one configuration so, and sends keys as they are.
constexpr std::array<std::string_view, 4> kRawKeyConfigurations = {"webhook-global", "kafka-global",
                                                                   "nats-global", "rabbitmq-global"};

void Classify(const auto& table, S3Event& event) {
  for (const NamedKind& known : table) {
    if (!event.name.starts_with(known.prefix)) continue;
    event.kind = known.kind;
    event.why = known.why;
    return;
  }
  event.kind = S3EventKind::kIgnored;
  event.why = "an event that says nothing of an object's content";
}

std::string Clipped(std::string_view text) {
  constexpr std::size_t kShown = 60;
  return text.size() <= kShown ? std::string(text) : fmt::format("{}...", text.substr(0, kShown));
}

std::string Unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

std::string VersionId(std::string_view version_id) {
  return version_id == "null" ? std::string() : std::string(version_id);
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsFormEncoded(std::string_view key) {
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto c = static_cast<unsigned char>(key[i]);
    if (c <= ' ' || c >= 0x7f) return false;
    if (c != '%') continue;
    if (i + 2 >= key.size() || HexDigit(key[i + 1]) < 0 || HexDigit(key[i + 2]) < 0) return false;
  }
  return true;
}

std::string_view SourceOf(object record) {
  const std::string_view source = FindText(record, "eventSource");
  return source.empty() ? FindText(record, "EventSource") : source;
}

Envelope::Form FormOf(object layer) {
  const std::string_view source = SourceOf(layer);
  if (source == "aws:sqs") return Envelope::Form::kSqs;
  if (source == "aws:sns") return Envelope::Form::kSns;
  if (source.ends_with(":s3")) return Envelope::Form::kS3;
  if (HasField(layer, "detail-type")) return Envelope::Form::kEventBridge;
  if (FindText(layer, "Event") == "s3:TestEvent") return Envelope::Form::kS3;
  if (HasField(layer, "Type") && HasField(layer, "TopicArn")) return Envelope::Form::kSns;
  if (HasField(layer, "requestContext") || HasField(layer, "httpMethod")) return Envelope::Form::kHttp;
  return Envelope::Form::kUnknown;
}

// Lambda wraps records; EventBridge Pipes hand over the bare array.
std::optional<array> RecordsOf(element root) {
  if (array items; root.get(items) == simdjson::SUCCESS) return items;
  if (object layer; root.get(layer) == simdjson::SUCCESS) return FindArray(layer, "Records");
  return {};
}

Envelope::Form FormOf(element root) {
  if (const auto records = RecordsOf(root)) {
    for (const element item : *records) {
      object record;
      return item.get(record) == simdjson::SUCCESS ? FormOf(record) : Envelope::Form::kUnknown;
    }
  }
  object layer;
  return root.get(layer) == simdjson::SUCCESS ? FormOf(layer) : Envelope::Form::kUnknown;
}

std::string Described(object layer) {
  if (const std::string_view source = SourceOf(layer); !source.empty()) {
    return fmt::format("a record of {}", Clipped(source));
  }
  std::string fields;
  for (const auto field : layer) {
    if (fields.size() > 60) break;
    if (!fields.empty()) fields += ", ";
    fields += field.key;
  }
  return fmt::format("an object with {}", fields.empty() ? "no fields" : Clipped(fields));
}

// Takes one message apart, layer by layer.
class MessageReader {
 public:
  explicit MessageReader(EventMessage& into) : into_(into) {}

  void ReadText(std::string_view text, int depth) {
    if (depth > kMaxNesting) return Problem("envelopes nested too deeply");
    simdjson::dom::parser parser;
    element root;
    if (const auto error = parser.parse(text.data(), text.size()).get(root)) {
      return Problem(fmt::format("no JSON ({})", simdjson::error_message(error)));
    }
    ReadElement(root, depth);
  }

  void ReadElement(element root, int depth) {
    if (depth > kMaxNesting) return Problem("envelopes nested too deeply");
    if (array items; root.get(items) == simdjson::SUCCESS) {
      for (const element item : items) ReadElement(item, depth + 1);
      return;
    }
    object layer;
    if (root.get(layer) != simdjson::SUCCESS) return Problem("a JSON value that is no object");
    ReadLayer(layer, depth);
  }

 private:
  void Problem(std::string_view what) {
    if (into_.problem.empty()) into_.problem = fmt::format("not an S3 event: {}", what);
  }

  void ReadLayer(object layer, int depth) {
    if (const auto records = FindArray(layer, "Records")) {
      for (const element record : *records) ReadElement(record, depth + 1);
      return;
    }
    switch (FormOf(layer)) {
      case Envelope::Form::kS3:
        return HasField(layer, "Event") ? ReadTestEvent(layer) : ReadNotification(layer);
      case Envelope::Form::kSns:
        return ReadSns(layer, depth);
      case Envelope::Form::kSqs:
        return ReadText(FindText(layer, "body"), depth + 1);
      case Envelope::Form::kEventBridge:
        return ReadEventBridge(layer);
      case Envelope::Form::kHttp:
        return ReadHttp(layer, depth);
      case Envelope::Form::kUnknown:
        return Problem(Described(layer));
    }
  }

  void ReadNotification(object record) {
    S3Event event;
    std::string_view name = FindText(record, "eventName");
    if (name.starts_with("s3:")) name.remove_prefix(3);
    if (name.empty()) return Problem("a notification without eventName");
    event.name = name;
    Classify(kNotifications, event);
    event.time = ParseEventTime(FindText(record, "eventTime"));
    const auto s3 = FindObject(record, "s3");
    const auto bucket = s3 ? FindObject(*s3, "bucket") : std::nullopt;
    const auto item = s3 ? FindObject(*s3, "object") : std::nullopt;
    if (bucket) event.bucket = FindText(*bucket, "name");
    if (item) {
      const std::string_view key = FindText(*item, "key");
      const bool raw = std::ranges::find(kRawKeyConfigurations, FindText(*s3, "configurationId")) !=
                       kRawKeyConfigurations.end();
      event.key = raw ? std::string(key) : DecodeFormKey(key);
      event.version_id = VersionId(FindText(*item, "versionId"));
      event.etag = Unquoted(FindText(*item, "eTag"));
      event.size = FindInteger(*item, "size");
      event.sequencer = FindText(*item, "sequencer");
    }
    Take(std::move(event));
  }

  void ReadEventBridge(object layer) {
    const std::string_view source = FindText(layer, "source");
    if (source != "aws.s3") return Problem(fmt::format("an EventBridge event of {}", Clipped(source)));
    S3Event event;
    event.name = FindText(layer, "detail-type");
    Classify(kDetailTypes, event);
    event.time = ParseEventTime(FindText(layer, "time"));
    const auto detail = FindObject(layer, "detail");
    const auto bucket = detail ? FindObject(*detail, "bucket") : std::nullopt;
    const auto item = detail ? FindObject(*detail, "object") : std::nullopt;
    if (bucket) event.bucket = FindText(*bucket, "name");
    if (item) {
      event.key = FindText(*item, "key");  // as it is: EventBridge does not form-encode
      event.version_id = VersionId(FindText(*item, "version-id"));
      event.etag = Unquoted(FindText(*item, "etag"));
      event.size = FindInteger(*item, "size");
      event.sequencer = FindText(*item, "sequencer");
    }
    Take(std::move(event));
  }

  void ReadTestEvent(object layer) {
    S3Event event;
    event.name = "TestEvent";
    event.why = "test event";
    event.bucket = FindText(layer, "Bucket");
    event.time = ParseEventTime(FindText(layer, "Time"));
    into_.events.push_back(std::move(event));
  }

  void ReadSns(object layer, int depth) {
    if (const auto sns = FindObject(layer, "Sns")) return ReadText(FindText(*sns, "Message"), depth + 1);
    const std::string_view type = FindText(layer, "Type");
    if (type == "Notification") return ReadText(FindText(layer, "Message"), depth + 1);
    if (type != "SubscriptionConfirmation" && type != "UnsubscribeConfirmation") {
      return Problem(fmt::format("an SNS message of type {}", Clipped(type)));
    }
    S3Event event;
    event.name = type;
    event.why = "SNS subscription";
    into_.events.push_back(std::move(event));
  }

  void ReadHttp(object layer, int depth) {
    const std::string_view body = FindText(layer, "body");
    if (body.empty()) return Problem("an HTTP request without a body");
    bool encoded = false;
    if (layer["isBase64Encoded"].get(encoded) != simdjson::SUCCESS || !encoded) {
      return ReadText(body, depth + 1);
    }
    const auto decoded = DecodeBase64(body);
    if (!decoded) return Problem("an HTTP request whose body is no base64");
    ReadText(*decoded, depth + 1);
  }

  void Take(S3Event event) {
    if (event.kind != S3EventKind::kIgnored) {
      if (event.bucket.empty()) return Problem(fmt::format("{} without a bucket", Clipped(event.name)));
      if (event.key.empty()) return Problem(fmt::format("{} without a key", Clipped(event.name)));
    }
    if (event.key.find('\0') != std::string::npos) return Problem("a key with a zero byte");
    into_.events.push_back(std::move(event));
  }

  EventMessage& into_;
};

}  // namespace

std::string DecodeFormKey(std::string_view key) {
  if (!IsFormEncoded(key)) return std::string(key);
  std::string decoded;
  decoded.reserve(key.size());
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key[i] == '+') {
      decoded += ' ';
    } else if (key[i] == '%') {
      decoded += static_cast<char>(HexDigit(key[i + 1]) * 16 + HexDigit(key[i + 2]));
      i += 2;
    } else {
      decoded += key[i];
    }
  }
  return decoded;
}

EventMessage DecodeEventMessage(std::string_view bytes) {
  EventMessage message;
  MessageReader(message).ReadText(bytes, 0);
  return message;
}

Envelope DecodeEnvelope(std::string_view bytes) {
  Envelope envelope;
  simdjson::dom::parser parser;
  element root;
  if (const auto error = parser.parse(bytes.data(), bytes.size()).get(root)) {
    envelope.messages.emplace_back().problem =
        fmt::format("not an S3 event: no JSON ({})", simdjson::error_message(error));
    return envelope;
  }
  envelope.form = FormOf(root);
  if (const auto records = RecordsOf(root); records && envelope.form == Envelope::Form::kSqs) {
    for (const element item : *records) {
      EventMessage& message = envelope.messages.emplace_back();
      if (object record; item.get(record) == simdjson::SUCCESS) message.id = FindText(record, "messageId");
      MessageReader(message).ReadElement(item, 1);
    }
    return envelope;
  }
  MessageReader(envelope.messages.emplace_back()).ReadElement(root, 0);
  return envelope;
}

}  // namespace rtl::discover
