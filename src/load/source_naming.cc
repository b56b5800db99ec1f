#include "load/source_naming.h"

#include <utility>

namespace rtl::load {

NamedObject NameObject(const discover::SourceRules& rules, const store::ObjectInfo& info) {
  discover::Classified classified = rules.Classify(info);
  if (auto* file = std::get_if<SourceObject>(&classified)) {
    return {NamedObject::Kind::kFile, std::move(*file), {}};
  }
  if (auto* failed = std::get_if<discover::FailedObject>(&classified)) {
    return Refuse(std::move(failed->object), std::move(failed->reason));
  }
  return {NamedObject::Kind::kIgnored, {}, {}};
}

NamedObject Refuse(SourceObject object, std::string reason) {
  object.source_file = "!refused/" + object.source_file;
  return {NamedObject::Kind::kRefused, std::move(object), std::move(reason)};
}

}  // namespace rtl::load
