// The one error type and the one result type of the code base.
//
// An Error's kind says what the caller should do about it; its message is for a person and names the object,
// the line, the table or the version concerned. Context is added on the way up, once per boundary, with
// Wrap(). Return an error or log it, not both. Threads: values, freely copied.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace rtl {

enum class ErrorKind {
  kBadData,            // what was read is not what its format says; the old data stays
  kBadConfig,          // the user's settings are wrong; nothing was done
  kNotFound,           // no such object, table or version
  kPermissionDenied,   // the store refused
  kUnavailable,        // nothing happened that we know of; the call may be repeated
  kConflict,           // another writer was first, or the object changed under the reader: plan again
  kCommitUnknown,      // the outcome must be found out by reading back; nothing may be cleaned up
  kResourceExhausted,  // a bound of ours or of the machine (memory, disk, open files)
  kCancelled,          // a stop was asked for
  kUnsupported,        // a table feature or a format that is not known here, named in the message
  kInternal,           // our bug
};

// "bad_data", "not_found", ... as used in logs and in --json.
std::string_view ToString(ErrorKind kind);

class [[nodiscard]] Error {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }

  // "context: message", same kind.
  Error Wrap(std::string_view context) const&;

 private:
  ErrorKind kind_;
  std::string message_;
};

template <typename T = void>
using Result = std::expected<T, Error>;

// return Fail(ErrorKind::kBadData, "...") in a function that returns any Result.
inline std::unexpected<Error> Fail(ErrorKind kind, std::string message) {
  return std::unexpected(Error(kind, std::move(message)));
}
inline std::unexpected<Error> Fail(Error error) {
  return std::unexpected(std::move(error));
}

}  // namespace rtl

#define RTL_CONCAT_INNER(a, b) a##b
#define RTL_CONCAT(a, b) RTL_CONCAT_INNER(a, b)

// RTL_TRY(auto x, Compute());   x becomes the value, or the function returns the error.
#define RTL_TRY(declaration, expression) \
  RTL_TRY_INNER(RTL_CONCAT(rtl_result_, __LINE__), declaration, expression)
#define RTL_TRY_INNER(result, declaration, expression)            \
  auto result = (expression);                                     \
  if (!result) return std::unexpected(std::move(result).error()); \
  declaration = std::move(*result)

// RTL_CHECK(Write());           the function returns the error, if there is one.
#define RTL_CHECK(expression)                                                                               \
  do {                                                                                                      \
    if (auto rtl_status = (expression); !rtl_status) return std::unexpected(std::move(rtl_status).error()); \
  } while (false)
