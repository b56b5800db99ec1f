// Strict check of one line's JSON (RFC 8259), and where its top-level keys and values lie.
//
// Why not a parser's tree: kept values are the customer's bytes, so numbers of any size must pass unread
// (parsers reject 1e400), and every byte inside a kept value must still be checked (lazy parsers skip it).
// One pass does both. UTF-8 is checked beforehand, by the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace rtl::decode {

// Levels of objects and arrays, the row's own object included. Deeper lines are rejected.
inline constexpr int kMaxDepth = 1024;

enum class JsonKind : std::uint8_t { kString, kNumber, kTrue, kFalse, kNull, kObject, kArray };

// Top-level keys of a line, repeated ones counted: bounds what a line can make us hold.
inline constexpr std::size_t kMaxMembers = 100'000;

// A top-level member. Views into the line.
struct JsonMember {
  std::string_view key;    // between the quotes, as written
  std::string_view value;  // JSON text; for a string what is between the quotes, as written
  JsonKind kind = JsonKind::kNull;
  bool key_escaped = false;    // `key` has backslashes
  bool value_escaped = false;  // the value is a string that has backslashes
};

class JsonScanner {
 public:
  // `readable` is the end of what may be read (not judged) beyond a line: vector loads go up to it.
  explicit JsonScanner(const char* readable) : readable_(readable) {}

  // Checks [begin, end), where *end is a '\n' that may be read and no other '\n' comes before. True: the line
  // is one object, members() are its members in order, duplicates included. False: error() says why not.
  bool ScanRow(const char* begin, const char* end);

  const std::vector<JsonMember>& members() const { return members_; }
  std::string_view error() const { return error_; }  // a literal
  const char* error_at() const { return error_at_; }

  // p: where a number should begin, some '\n' behind it. Returns what follows; null when there is none.
  const char* ScanNumber(const char* p);

 private:
  const char* ScanString(const char* p, bool& escaped);
  const char* ScanContainer(const char* p);
  const char* ScanValue(const char* p, JsonMember& member);
  const char* ScanLiteral(const char* p);
  const char* FailAt(const char* p, std::string_view error);

  const char* readable_;
  std::vector<JsonMember> members_;
  std::string_view error_;
  const char* error_at_ = nullptr;
  std::uint64_t is_object_[kMaxDepth / 64] = {};  // a bit for each open container
};

}  // namespace rtl::decode
