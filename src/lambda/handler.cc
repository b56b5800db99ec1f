#include "lambda/handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "core/json_writer.h"
#include "discover/s3_event.h"
#include "discover/utf8_name.h"

namespace rtl::lambda {
namespace {

using discover::Envelope;
using discover::EventMessage;

constexpr std::size_t kShownRefusals = 10;

std::string Summary(const Reply& reply) {
  JsonWriter json;
  json.BeginObject().Key("keys").Int(reply.keys).Key("handled").Int(reply.handled);
  json.Key("ignored").Int(reply.ignored).Key("refused").Int(reply.refused).EndObject();
  return std::move(json).Take();
}

std::string ProblemText(const Reply& reply) {
  const std::size_t more = reply.problems.size() - 1;
  const std::string first = discover::EscapeInvalidUtf8(reply.problems[0]);
  return more == 0 ? first : fmt::format("{} (and {} more)", first, more);
}

void AnswerBatch(const std::vector<std::string>& failed_ids, Reply& reply) {
  // Lambda takes an empty identifier for a failure of the whole batch, and says nothing.
  if (std::ranges::find(failed_ids, std::string()) != failed_ids.end()) {
    reply.is_error = true;
    reply.error_type = "Event.NotUnderstood";
    reply.json = fmt::format("an SQS record without a messageId: {}", ProblemText(reply));
    return;
  }
  JsonWriter json;
  json.BeginObject().Key("batchItemFailures").BeginArray();
  for (const std::string& id : failed_ids) json.BeginObject().Key("itemIdentifier").String(id).EndObject();
  json.EndArray().EndObject();
  reply.json = std::move(json).Take();
}

void AnswerHttp(bool understood, Reply& reply) {
  const int status = !understood ? 400 : reply.problems.empty() ? 200 : 503;
  const std::string body =
      reply.problems.empty()
          ? Summary(reply)
          : std::move(JsonWriter().BeginObject().Key("error").String(ProblemText(reply)).EndObject()).Take();
  JsonWriter json;
  json.BeginObject().Key("statusCode").Int(status);
  json.Key("headers").BeginObject().Key("content-type").String("application/json").EndObject();
  json.Key("body").String(body).EndObject();
  reply.json = std::move(json).Take();
}

}  // namespace

Reply HandleEvent(std::string_view event, const discover::EventScope& scope, const LoadKeys& load) {
  const Envelope envelope = discover::DecodeEnvelope(event);
  Reply reply;
  std::vector<std::string> keys;
  std::unordered_map<std::string, bool> handled;  // of every key
  std::vector<discover::ScopedKeys> scoped;       // of every message
  for (const EventMessage& message : envelope.messages) {
    scoped.push_back(KeysOf(message, scope));
    const discover::ScopedKeys& its = scoped.back();
    reply.ignored += its.ignored;
    reply.repeated += its.repeated;
    reply.refused += static_cast<std::int64_t>(its.refused.size());
    for (const auto& refused : its.refused) {
      if (reply.refusals.size() < kShownRefusals) reply.refusals.push_back(refused.reason);
    }
    for (const discover::ScopedKey& key : its.keys) {
      if (handled.try_emplace(key.key, false).second) {
        keys.push_back(key.key);
      } else {
        ++reply.repeated;
      }
    }
  }
  reply.keys = static_cast<std::int64_t>(keys.size());

  std::unordered_map<std::string, std::string> problems;
  if (!keys.empty()) {
    for (KeyResult& result : load(keys)) {
      const auto known = handled.find(result.key);
      if (known == handled.end()) continue;
      known->second = result.handled;
      if (!result.handled) problems[result.key] = std::move(result.problem);
    }
  }
  for (const std::string& key : keys) {
    if (handled[key]) {
      ++reply.handled;
      continue;
    }
    const std::string& problem = problems[key];
    reply.problems.push_back(
        fmt::format("{}: {}", discover::EscapeInvalidUtf8(key), problem.empty() ? "not handled" : problem));
  }

  std::vector<std::string> failed_ids;
  bool understood = true;
  for (std::size_t i = 0; i < envelope.messages.size(); ++i) {
    const EventMessage& message = envelope.messages[i];
    if (!message.problem.empty()) {
      understood = false;
      reply.problems.push_back(
          message.id.empty() ? message.problem : fmt::format("message {}: {}", message.id, message.problem));
    }
    const bool is_done = message.problem.empty() && std::ranges::all_of(scoped[i].keys, [&](const auto& key) {
                           return handled[key.key];
                         });
    if (!is_done) failed_ids.push_back(message.id);
  }

  if (envelope.form == Envelope::Form::kSqs) {
    AnswerBatch(failed_ids, reply);
  } else if (envelope.form == Envelope::Form::kHttp) {
    AnswerHttp(understood, reply);
  } else if (failed_ids.empty()) {
    reply.json = Summary(reply);
  } else {
    reply.is_error = true;
    reply.error_type = understood ? "Load.Incomplete" : "Event.NotUnderstood";
    reply.json = ProblemText(reply);
  }
  return reply;
}

}  // namespace rtl::lambda
