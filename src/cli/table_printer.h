// Rows as an aligned table for a terminal. Writes as rows come: the first rows decide the columns' widths, so
// a table of any length is printed in bounded memory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rtl::cli {

struct Cell {
  std::string text;  // as from OneLine
  bool is_null = false;
};

struct ColumnHeading {
  std::string name;
  bool align_right = false;  // numbers
};

struct TablePrinterOptions {
  int width = 0;        // of the terminal; 0: cut nothing
  bool colour = false;  // dim NULLs, bold headings
  std::size_t rows_measured = 1000;
};

// One thread at a time. Finish() must be called once, at the end.
class TablePrinter {
 public:
  TablePrinter(std::vector<ColumnHeading> columns, TablePrinterOptions options,
               std::function<void(std::string_view)> write);

  void Add(std::vector<Cell> row);  // one cell a column
  void Finish();

 private:
  void DecideWidths();
  void WriteRow(const std::vector<Cell>& row);
  void Append(std::string& line, std::size_t column, std::string_view text, std::string_view colour) const;

  std::vector<ColumnHeading> columns_;
  TablePrinterOptions options_;
  std::function<void(std::string_view)> write_;
  std::vector<std::vector<Cell>> waiting_;
  std::vector<int> widths_;  // empty until decided
};

// Widths that fit into `total` columns (separators of 2 included): the widest give way first, none below
// `least`.
std::vector<int> FitWidths(std::vector<int> natural, int total, int least = 6);

}  // namespace rtl::cli
