#include "cli/table_printer.h"

#include <gtest/gtest.h>

#include "cli/display_text.h"

namespace rtl::cli {
namespace {

std::string Print(std::vector<ColumnHeading> columns, std::vector<std::vector<Cell>> rows,
                  TablePrinterOptions options) {
  std::string out;
  TablePrinter printer(std::move(columns), options, [&](std::string_view text) { out += text; });
  for (auto& row : rows) printer.Add(std::move(row));
  printer.Finish();
  return out;
}

TEST(TablePrinter, AlignsByDisplayWidth) {
  EXPECT_EQ(Print({{"name"}, {"n", true}}, {{{"数据"}, {"5"}}, {{"abcdef"}, {"1234"}}}, {}),
            "name       n\n"
            "------  ----\n"
            "数据       5\n"
            "abcdef  1234\n");
}

TEST(TablePrinter, NullAndTheWordNullAndEmptyDiffer) {
  EXPECT_EQ(Print({{"a"}}, {{{"", true}}, {{"NULL"}}, {{""}}}, {}),
            "a\n"
            "------\n"
            "NULL\n"
            "\"NULL\"\n"
            "\"\"\n");
}

TEST(TablePrinter, ColourIsOutsideTheWidth) {
  EXPECT_EQ(Print({{"ab"}, {"c"}}, {{{"", true}, {"x"}}}, {.width = 40, .colour = true}),
            "\033[1mab\033[0m    \033[1mc\033[0m\n"
            "----  -\n"
            "\033[2mNULL\033[0m  x\n");
}

TEST(TablePrinter, WideCellsAreCutToTheTerminal) {
  const std::string out = Print({{"k"}, {"v"}}, {{{"1"}, {std::string(100, 'x')}}}, {.width = 20});
  EXPECT_EQ(out, "k  v\n-  -----------------\n1  " + std::string(16, 'x') + "…\n");
}

TEST(TablePrinter, LaterRowsStreamWithTheFirstWidths) {
  std::vector<std::string> writes;
  TablePrinter printer({{"a"}}, {.rows_measured = 2},
                       [&](std::string_view text) { writes.emplace_back(text); });
  printer.Add({{"1"}});
  EXPECT_TRUE(writes.empty());
  printer.Add({{"2"}});
  EXPECT_EQ(writes.size(), 3U);  // heading and two rows
  printer.Add({{"longer"}});
  printer.Finish();
  ASSERT_EQ(writes.size(), 4U);
  EXPECT_EQ(writes.back(), "longer\n");  // not cut: there is no terminal
}

TEST(TablePrinter, NoRowsIsAHeading) {
  EXPECT_EQ(Print({{"a"}, {"b"}}, {}, {}), "a  b\n-  -\n");
}

TEST(FitWidths, TheWidestGiveWayFirst) {
  EXPECT_EQ(FitWidths({5, 10}, 80), (std::vector<int>{5, 10}));
  EXPECT_EQ(FitWidths({5, 100, 100}, 49), (std::vector<int>{5, 20, 20}));
  EXPECT_EQ(FitWidths({5, 100, 100}, 50), (std::vector<int>{5, 21, 20}));
  EXPECT_EQ(FitWidths({50, 50}, 5), (std::vector<int>{6, 6}));
  EXPECT_TRUE(FitWidths({}, 80).empty());
}

}  // namespace
}  // namespace rtl::cli
