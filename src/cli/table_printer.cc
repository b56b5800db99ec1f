#include "cli/table_printer.h"

#include <algorithm>
#include <numeric>

#include "cli/display_text.h"

namespace rtl::cli {
namespace {

constexpr std::string_view kBold = "\033[1m";
constexpr std::string_view kDim = "\033[2m";
constexpr std::string_view kPlain = "\033[0m";
constexpr std::string_view kNull = "NULL";
constexpr int kGap = 2;

// NULL is a word of the table's; a string that spells it, or is empty, is quoted.
std::string Shown(const Cell& cell) {
  if (cell.is_null) return std::string(kNull);
  if (cell.text.empty() || cell.text == kNull) return "\"" + cell.text + "\"";
  return cell.text;
}

}  // namespace

std::vector<int> FitWidths(std::vector<int> natural, int total, int least) {
  if (natural.empty()) return natural;
  const int room = total - kGap * static_cast<int>(natural.size() - 1);
  int cap = *std::max_element(natural.begin(), natural.end());
  const auto sum = [&] {
    return std::accumulate(natural.begin(), natural.end(), 0,
                           [&](int s, int w) { return s + std::min(w, cap); });
  };
  while (cap > least && sum() > room) --cap;
  int left = room - sum();
  for (int& width : natural) {  // what rounding left over goes to the first columns that were cut
    const bool cut = width > cap;
    width = std::min(width, cap);
    if (cut && left > 0) {
      ++width;
      --left;
    }
  }
  return natural;
}

TablePrinter::TablePrinter(std::vector<ColumnHeading> columns, TablePrinterOptions options,
                           std::function<void(std::string_view)> write)
    : columns_(std::move(columns)), options_(options), write_(std::move(write)) {}

void TablePrinter::Add(std::vector<Cell> row) {
  if (!widths_.empty()) return WriteRow(row);
  waiting_.push_back(std::move(row));
  if (waiting_.size() >= options_.rows_measured) DecideWidths();
}

void TablePrinter::Finish() {
  if (widths_.empty()) DecideWidths();
}

void TablePrinter::DecideWidths() {
  std::vector<int> natural;
  natural.reserve(columns_.size());
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    int width = DisplayWidth(columns_[c].name);
    for (const auto& row : waiting_) width = std::max(width, DisplayWidth(Shown(row[c])));
    natural.push_back(std::max(width, 1));
  }
  widths_ = options_.width > 0 ? FitWidths(std::move(natural), options_.width) : std::move(natural);

  std::string heading;
  std::string rule;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    Append(heading, c, columns_[c].name, options_.colour ? kBold : "");
    if (c > 0) rule.append(kGap, ' ');
    rule.append(static_cast<std::size_t>(widths_[c]), '-');
  }
  write_(heading + "\n" + rule + "\n");
  for (const auto& row : waiting_) WriteRow(row);
  waiting_.clear();
}

void TablePrinter::WriteRow(const std::vector<Cell>& row) {
  std::string line;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    Append(line, c, Shown(row[c]), row[c].is_null && options_.colour ? kDim : "");
  }
  write_(line + "\n");
}

void TablePrinter::Append(std::string& line, std::size_t column, std::string_view text,
                          std::string_view colour) const {
  const int width = widths_[column];
  std::string shown = options_.width > 0 ? CutToWidth(text, width) : std::string(text);
  const auto padding = static_cast<std::size_t>(std::max(0, width - DisplayWidth(shown)));
  if (!colour.empty()) shown = std::string(colour) + shown + std::string(kPlain);
  if (column > 0) line.append(kGap, ' ');
  if (columns_[column].align_right) {
    line.append(padding, ' ');
    line += shown;
  } else {
    line += shown;
    if (column + 1 < columns_.size()) line.append(padding, ' ');
  }
}

}  // namespace rtl::cli
