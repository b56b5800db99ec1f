#include "cli/doctor.h"

#include <fmt/format.h>

#include "cli/display_text.h"
#include "cli/paths.h"
#include "cli/receive_events.h"
#include "cli/reports_json.h"
#include "core/uuid.h"
#include "discover/sqs_client.h"
#include "s3/s3_client.h"
#include "s3/s3_xml.h"
#include "store/local_store.h"

namespace rtl::cli {
namespace {

using State = Check::State;

constexpr std::chrono::seconds kSkewWorthTelling{60};
constexpr std::string_view kProbe = "_rtloader_doctor/";

class Examination {
 public:
  Examination(AwsSession& aws, const Config& config) : aws_(aws), config_(config) {}

  std::vector<Check> Run() {
    const S3Settings source = Merged(config_.s3, config_.source_s3);
    const S3Settings tables = Merged(config_.s3, config_.tables_s3);
    if (IsS3(config_.source)) {
      ExamineAccess("source", source);
      ExamineSource(source);
    } else {
      ExamineSourceFolder();
    }
    for (const std::string& url : SplitList(config_.events.sqs)) ExamineQueue(url, source);
    if (IsS3(config_.tables)) {
      ExamineAccess("tables", tables);
      ExamineTables(tables);
    } else {
      ExamineTablesFolder();
    }
    return std::move(checks_);
  }

 private:
  void Add(State state, std::string_view place, std::string_view what, std::string detail = {}) {
    checks_.push_back({state, std::string(place), std::string(what), std::move(detail)});
  }
  // True when it went well.
  template <typename T>
  bool Take(const Result<T>& result, std::string_view place, std::string_view what, std::string detail = {},
            State otherwise = State::kMissing) {
    if (result) {
      Add(State::kOk, place, what, std::move(detail));
    } else {
      Add(otherwise, place, what, result.error().message());
    }
    return result.has_value();
  }

  // Impatient: a person waits.
  s3::S3Client Client(const s3::Location& location, const S3Settings& settings) {
    s3::Options options =
        AwsSession::S3Options(settings, aws_.Endpoint(settings, "s3"), aws_.Region(settings));
    options.retry.budget = std::chrono::milliseconds(10'000);
    return {location.bucket, options,      aws_.Client(settings), aws_.Credentials(settings),
            aws_.counters(), SystemClock()};
  }

  void ExamineAccess(std::string_view place, const S3Settings& settings) {
    const auto credentials = aws_.Credentials(settings)->Get();
    if (!credentials) {
      Add(State::kMissing, place, "credentials", credentials.error().message());
      return;
    }
    std::string detail = credentials->access_key_id.empty()
                             ? std::string("none: requests are not signed")
                             : fmt::format("{}, from {}", credentials->access_key_id, credentials->source);
    if (credentials->expires_at) detail += ", until " + FormatTimestamp(*credentials->expires_at);
    Add(State::kOk, place, "credentials", std::move(detail));
    if (auto who = aws_.WhoAmI(settings)) {
      Add(who->has_value() ? State::kOk : State::kNote, place, "who am I",
          who->has_value() ? **who : who->error().message());
    }
  }

  void ExamineBucket(std::string_view place, s3::S3Client& client, const S3Settings& settings) {
    ExamineClock(place, client, settings);
    std::string region;
    const auto bucket = client.HeadBucket(&region);
    // Rights for the prefix alone do not allow this question, and are enough.
    const bool is_denied = !bucket && bucket.error().kind() == ErrorKind::kPermissionDenied;
    Take(bucket, place, "bucket",
         fmt::format("{} at {}{}{}", client.bucket(), client.endpoint(), region.empty() ? "" : ", region ",
                     region),
         is_denied ? State::kNote : State::kMissing);
  }

  void ExamineClock(std::string_view place, s3::S3Client& client, const S3Settings& settings) {
    http::Request request;
    request.url = client.endpoint() + "/";
    request.connect_timeout = std::chrono::milliseconds(5'000);
    request.timeout = std::chrono::milliseconds(10'000);
    const Timestamp before = SystemClock().Now();
    const auto response = aws_.Client(settings)->Send(request);
    if (!Take(response, place, "endpoint", client.endpoint())) return;
    const auto theirs = s3::ParseHttpTime(response->Header("Date"));
    if (!theirs) return;
    const auto skew = std::chrono::duration_cast<std::chrono::seconds>(*theirs - before);
    const bool is_far = std::chrono::abs(skew) > kSkewWorthTelling;
    Add(is_far ? State::kMissing : State::kOk, place, "clock",
        fmt::format("the server's is {} s {} ours{}", std::abs(skew.count()),
                    skew.count() < 0 ? "behind" : "ahead of", is_far ? ": set this machine's clock" : ""));
  }

  void ExamineSource(const S3Settings& settings) {
    const auto location = s3::ParseUri(config_.source);
    if (!location) return Add(State::kMissing, "source", "address", location.error().message());
    s3::S3Client client = Client(*location, settings);
    ExamineBucket("source", client, settings);

    s3::S3Client::ListRequest list;
    list.prefix = location->prefix;
    list.max_keys = 2;
    const auto page = client.ListObjects(list);
    const std::string first = page && !page->objects.empty() ? page->objects.back().key : std::string();
    Take(page, "source", "list objects (s3:ListBucket)",
         first.empty() ? "there are none below the prefix" : fmt::format("such as {}", first));
    const std::string probed = first.empty() ? location->prefix + std::string(kProbe) + NewUuid() : first;
    if (first.empty()) {
      Take(client.HeadObject(probed), "source", "look at an object (s3:GetObject)");
    } else {
      Take(client.GetObject(
               {.key = probed, .if_match = {}, .version_id = {}, .range = store::ByteRange{0, 1}}),
           "source", "read an object (s3:GetObject)");
    }

    const auto versioning = client.GetVersioning();
    const bool wants_all = config_.history == "all";
    if (!versioning) {
      Add(wants_all ? State::kMissing : State::kNote, "source", "versioning (s3:GetBucketVersioning)",
          versioning.error().message());
    } else {
      const std::string state =
          versioning->empty() ? "never enabled: the identity of a version is its ETag" : *versioning;
      const bool lacks = wants_all && *versioning != "Enabled";
      Add(lacks ? State::kMissing : State::kOk, "source", "versioning",
          lacks ? state + "; source.history = \"all\" needs it enabled" : state);
    }
    if (wants_all) {
      Take(client.ListVersions(location->prefix, "", ""), "source", "list versions (s3:ListBucketVersions)");
    }
    const auto notifications = client.GetNotifications();
    if (!notifications) {
      Add(State::kNote, "source", "event notifications (s3:GetBucketNotification)",
          notifications.error().message());
    } else {
      const bool any = notifications->find("<Queue>") != std::string::npos ||
                       notifications->find("<Topic>") != std::string::npos ||
                       notifications->find("<CloudFunction>") != std::string::npos ||
                       notifications->find("EventBridgeConfiguration") != std::string::npos;
      Add(any ? State::kOk : State::kNote, "source", "event notifications",
          any ? "the bucket sends them" : "the bucket sends none: changes are found by listing");
    }
  }

  void ExamineQueue(const std::string& url, const S3Settings& settings) {
    discover::SqsClient::Options options;
    options.queue_url = url;
    options.endpoint = aws_.Endpoint({}, "sqs");
    options.region = aws_.Region(settings);
    options.retry.budget = std::chrono::milliseconds(10'000);
    auto client = discover::SqsClient::Make(std::move(options), aws_.Client(settings),
                                            aws_.Credentials(settings), aws_.counters());
    if (!client) return Add(State::kMissing, "events", url, client.error().message());
    const auto queue = (*client)->Attributes();
    if (!queue)
      return Add(State::kMissing, "events", "queue (sqs:GetQueueAttributes)", queue.error().message());
    Add(State::kOk, "events", "queue",
        fmt::format("{}: {} messages waiting, {} under way", url, queue->messages, queue->in_flight));
    if (queue->dead_letter_arn.empty() && config_.events.dlq.empty()) {
      Add(State::kNote, "events", "dead letters",
          "the queue has no redrive policy and events.dlq is not set: messages that make no sense stay in "
          "it");
    } else {
      Add(State::kOk, "events", "dead letters",
          queue->dead_letter_arn.empty()
              ? config_.events.dlq
              : fmt::format("{} after {} tries", queue->dead_letter_arn, queue->max_receive_count));
    }
  }

  void ExamineTables(const S3Settings& settings) {
    const auto location = s3::ParseUri(config_.tables);
    if (!location) return Add(State::kMissing, "tables", "address", location.error().message());
    s3::S3Client client = Client(*location, settings);
    ExamineBucket("tables", client, settings);
    s3::S3Client::ListRequest list;
    list.prefix = location->prefix;
    list.max_keys = 1;
    Take(client.ListObjects(list), "tables", "list objects (s3:ListBucket)");

    const std::string key = location->prefix + std::string(kProbe) + NewUuid();
    if (!Take(client.PutObject(key, "first"), "tables", "write an object (s3:PutObject)")) return;
    Take(client.GetObject({.key = key, .if_match = {}, .version_id = {}, .range = std::nullopt}), "tables",
         "read an object (s3:GetObject)");
    ExamineConditionalPut(client, location->prefix + std::string(kProbe) + NewUuid());
    Take(client.DeleteObject(key), "tables", "delete an object (s3:DeleteObject)");
  }

  // The ground everything stands on: two conditional puts of one key must give 200 and 412.
  void ExamineConditionalPut(s3::S3Client& client, const std::string& key) {
    constexpr std::string_view kWhat = "conditional put (If-None-Match: *)";
    const s3::Conditions absent{.if_none_match = true, .if_match = {}};
    const auto first = client.PutObject(key, "first", absent);
    const auto second = first ? client.PutObject(key, "second", absent) : first;
    if (!first || !second) {
      Add(State::kMissing, "tables", kWhat, (first ? second : first).error().message());
    } else if (*first == s3::PutAnswer::kWritten && *second == s3::PutAnswer::kPreconditionFailed) {
      Add(State::kOk, "tables", kWhat, "the second of two is refused");
    } else {
      Add(State::kMissing, "tables", kWhat,
          "the second of two was carried out: this store does not honour it, and loaders would overwrite "
          "each "
          "other's commits; use another store for the tables");
    }
    [[maybe_unused]] const auto removed = client.DeleteObject(key);
  }

  void ExamineSourceFolder() {
    const auto folder = ResolveExistingFolder(config_.source, "the source");
    Take(folder, "source", "folder", folder ? *folder : std::string());
  }

  void ExamineTablesFolder() {
    auto store = store::OpenLocalStore(config_.tables, true);
    if (!Take(store, "tables", "folder", config_.tables)) return;
    const std::string key = std::string(kProbe) + NewUuid();
    const auto first = (*store)->PutIfAbsent(key, "first");
    const auto second = first ? (*store)->PutIfAbsent(key, "second") : first;
    if (!second) {
      Add(State::kMissing, "tables", "exclusive create", second.error().message());
    } else {
      const bool holds =
          *first == store::PutIfAbsentOutcome::kCreated && *second == store::PutIfAbsentOutcome::kExists;
      Add(holds ? State::kOk : State::kMissing, "tables", "exclusive create",
          holds ? "the second of two is refused"
                : "the second of two was carried out: this file system cannot hold the tables");
    }
    Take((*store)->Delete(key), "tables", "delete a file");
  }

  AwsSession& aws_;
  const Config& config_;
  std::vector<Check> checks_;
};

std::string_view Mark(State state) {
  switch (state) {
    case State::kOk:
      return "ok";
    case State::kNote:
      return "note";
    case State::kMissing:
      return "MISSING";
  }
  return "";
}

}  // namespace

std::vector<Check> Examine(AwsSession& aws, const Config& config) {
  return Examination(aws, config).Run();
}

bool IsWell(const std::vector<Check>& checks) {
  for (const Check& check : checks) {
    if (check.state == State::kMissing) return false;
  }
  return true;
}

std::string DoctorText(const std::vector<Check>& checks) {
  std::string out;
  for (const Check& check : checks) {
    out += fmt::format("{:<8} {:<7} {}{}{}\n", Mark(check.state), check.place, check.what,
                       check.detail.empty() ? "" : ": ", OneLine(check.detail));
  }
  return out + (IsWell(checks) ? "all that a run needs is there\n"
                               : "something that a run needs is missing: put right what is marked MISSING\n");
}

std::string DoctorJson(const std::vector<Check>& checks) {
  JsonWriter json;
  json.BeginObject().Key("well").Bool(IsWell(checks)).Key("checks").BeginArray();
  for (const Check& check : checks) {
    json.BeginObject();
    json.Key("state").String(check.state == State::kMissing ? "missing" : Mark(check.state));
    WriteText(json, "place", check.place);
    WriteText(json, "what", check.what);
    WriteText(json, "detail", check.detail);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return std::move(json).Take();
}

}  // namespace rtl::cli
