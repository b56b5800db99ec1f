#include "load/source_naming.h"

#include <fmt/format.h>

#include <utility>

#include "core/hash.h"
#include "discover/utf8_name.h"

namespace rtl::load {
namespace {

constexpr std::string_view kRefused = "!refused/";

}  // namespace

NamedObject NameObject(const discover::SourceRules& rules, const store::ObjectInfo& info) {
  discover::Classified classified = rules.Classify(info);
  if (auto* file = std::get_if<SourceObject>(&classified)) {
    if (file->source_file.starts_with(kRefused)) {
      return Refuse(std::move(*file),
                    "names that begin with !refused/ stand for objects that cannot be loaded: rename it");
    }
    return {NamedObject::Kind::kFile, std::move(*file), {}};
  }
  if (auto* failed = std::get_if<discover::FailedObject>(&classified)) {
    return Refuse(std::move(failed->object), std::move(failed->reason));
  }
  return {NamedObject::Kind::kIgnored, {}, {}};
}

NamedObject Refuse(SourceObject object, std::string reason) {
  object.source_file =
      fmt::format("{}{:016x}/{}", kRefused, HashKey(object.key), discover::EscapeInvalidUtf8(object.key));
  return {NamedObject::Kind::kRefused, std::move(object), std::move(reason)};
}

}  // namespace rtl::load
