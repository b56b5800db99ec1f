#include "delta/predicate_parser.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "delta/predicate_tokens.h"

namespace rtl::delta {
namespace {

using Kind = Token::Kind;

constexpr int kMaxDepth = 200;  // of parentheses and NOTs

std::optional<Comparison> ComparisonOf(const Token& token) {
  if (token.kind != Kind::kSymbol) return {};
  if (token.text == "=" || token.text == "==") return Comparison::kEqual;
  if (token.text == "<>" || token.text == "!=") return Comparison::kNotEqual;
  if (token.text == "<") return Comparison::kLess;
  if (token.text == "<=") return Comparison::kLessOrEqual;
  if (token.text == ">") return Comparison::kGreater;
  if (token.text == ">=") return Comparison::kGreaterOrEqual;
  return {};
}

// One of several: what there is alone needs nothing around it.
Predicate Joined(Predicate::Kind kind, std::vector<Predicate> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  return {.kind = kind, .children = std::move(parts)};
}

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens, const TableState& state)
      : text_(text), tokens_(std::move(tokens)), state_(state) {}

  Result<Predicate> Whole() {
    RTL_TRY(Predicate predicate, Condition());
    if (Next().kind != Kind::kEnd) return FailHere("AND, OR or the end is expected here");
    return predicate;
  }

 private:
  const Token& Next() const { return tokens_[at_]; }
  bool TakeWord(std::string_view word) {
    if (!Next().IsWord(word)) return false;
    ++at_;
    return true;
  }
  bool TakeSymbol(std::string_view symbol) {
    if (!Next().IsSymbol(symbol)) return false;
    ++at_;
    return true;
  }
  std::unexpected<Error> FailHere(std::string_view message) const {
    return FailAt(text_, Next().offset, message);
  }

  Result<Predicate> Condition() {
    std::vector<Predicate> parts;
    do {
      RTL_TRY(parts.emplace_back(), Term());
    } while (TakeWord("OR"));
    return Joined(Predicate::Kind::kOr, std::move(parts));
  }

  Result<Predicate> Term() {
    std::vector<Predicate> parts;
    do {
      RTL_TRY(parts.emplace_back(), Factor());
    } while (TakeWord("AND"));
    return Joined(Predicate::Kind::kAnd, std::move(parts));
  }

  Result<Predicate> Factor() {
    if (depth_ >= kMaxDepth) return FailHere("this is nested too deeply");
    ++depth_;
    auto factor = FactorWithin();
    --depth_;
    return factor;
  }

  Result<Predicate> FactorWithin() {
    if (TakeWord("NOT")) {
      RTL_TRY(Predicate inner, Factor());
      return Not(std::move(inner));
    }
    if (TakeSymbol("(")) {
      RTL_TRY(Predicate inner, Condition());
      if (!TakeSymbol(")")) return FailHere("a ')' is expected here");
      return inner;
    }
    return Test();
  }

  static Predicate Not(Predicate inner) {
    Predicate outer{.kind = Predicate::Kind::kNot};
    outer.children.push_back(std::move(inner));
    return outer;
  }

  Result<std::string> Name() {
    const Token& token = Next();
    if (token.kind == Kind::kString)
      return FailHere("a column is expected here; its name is not put in '...'");
    if (token.kind != Kind::kWord && token.kind != Kind::kQuotedName) {
      return FailHere("the name of a column is expected here");
    }
    ++at_;
    return token.text;
  }

  Result<PredicateColumn> Column() {
    const std::size_t offset = Next().offset;
    std::vector<std::string> names;
    do {
      RTL_TRY(names.emplace_back(), Name());
    } while (TakeSymbol("."));
    auto column = ResolveColumn(state_, names);
    if (column) return column;
    if (column.error().kind() != ErrorKind::kNotFound) return column;
    return FailAt(text_, offset, column.error().message());
  }

  Result<Predicate> Test() {
    RTL_TRY(PredicateColumn column, Column());
    if (TakeWord("IS")) {
      const bool negated = TakeWord("NOT");
      if (!TakeWord("NULL")) return FailHere("NULL is expected here");
      Predicate test{.kind = Predicate::Kind::kIsNull, .column = std::move(column)};
      return negated ? Not(std::move(test)) : std::move(test);
    }
    const auto comparison = ComparisonOf(Next());
    if (!comparison) return FailHere("a comparison (=, <>, <, <=, >, >=) or IS [NOT] NULL is expected here");
    ++at_;
    RTL_TRY(Literal literal, Value(column.type));
    return Compare(std::move(column), *comparison, std::move(literal));
  }

  Result<Literal> Value(const DataType& type) {
    if (tokens_.size() - at_ > 2 && tokens_[at_ + 1].kind == Kind::kString &&
        (Next().IsWord("DATE") || Next().IsWord("TIMESTAMP"))) {
      ++at_;
    }
    const Token& token = Next();
    if (token.IsWord("NULL")) return FailHere("nothing equals NULL: write IS NULL or IS NOT NULL");
    LiteralForm form = LiteralForm::kNumber;
    if (token.kind == Kind::kString) {
      form = LiteralForm::kString;
    } else if (token.IsWord("TRUE") || token.IsWord("FALSE")) {
      form = LiteralForm::kBoolean;
    } else if (token.kind != Kind::kNumber) {
      return FailHere("a 'string', a number, TRUE or FALSE is expected here");
    }
    auto literal = ParseLiteral(token.text, form, type);
    if (!literal) return FailHere(literal.error().message());
    ++at_;
    return literal;
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  const TableState& state_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Predicate> ParsePredicate(std::string_view text, const TableState& state) {
  RTL_TRY(auto tokens, TokensOf(text));
  return Parser(text, std::move(tokens), state).Whole();
}

}  // namespace rtl::delta
