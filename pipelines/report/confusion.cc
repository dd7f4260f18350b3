#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pipelines/drawing/html.h"
#include "pipelines/report/sections.h"

namespace pretext {
namespace {

constexpr int kWholeMatrix = 30;  // classes, up to which it can be read
constexpr size_t kPairs = 12;

struct Counts {
  const ReportData::Confusion& confusion;
  int classes() const { return confusion.classes(); }
  int64_t at(int row, int column) const { return confusion.count(row * classes() + column); }
  int64_t row(int r) const {
    int64_t sum = 0;
    for (int c = 0; c < classes(); ++c) sum += at(r, c);
    return sum;
  }
  int64_t column(int c) const {
    int64_t sum = 0;
    for (int r = 0; r < classes(); ++r) sum += at(r, c);
    return sum;
  }
};

std::string Percent(int64_t part, int64_t whole) {
  return whole == 0 ? ""
                    : absl::StrFormat(
                          "%.1f", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string ByClass(const ReportData& data, const Counts& counts) {
  std::vector<std::pair<double, int>> order;  // the worst first
  for (int r = 0; r < counts.classes(); ++r) {
    if (counts.row(r) > 0)
      order.emplace_back(static_cast<double>(counts.at(r, r)) / static_cast<double>(counts.row(r)),
                         r);
  }
  std::sort(order.begin(), order.end());
  std::vector<std::vector<std::string>> rows;
  for (const auto& [share, r] : order) {
    int most = -1;
    for (int c = 0; c < counts.classes(); ++c) {
      if (c != r && counts.at(r, c) > 0 && (most < 0 || counts.at(r, c) > counts.at(r, most)))
        most = c;
    }
    rows.push_back(
        {EscapeHtml(ClassName(data, r)), absl::StrCat(counts.row(r)),
         Percent(counts.at(r, r), counts.row(r)), Percent(counts.at(r, r), counts.column(r)),
         most < 0
             ? ""
             : absl::StrCat(EscapeHtml(ClassName(data, most)), " (", counts.at(r, most), ")")});
  }
  return TableHtml("By class, the least certain first; percent",
                   {"class", "samples", "found", "right when answered", "most often taken for"},
                   rows);
}

std::string Matrix(const ReportData& data, const Counts& counts) {
  std::vector<std::string> columns = {"true \\ answered"};
  for (int c = 0; c < counts.classes(); ++c) columns.push_back(EscapeHtml(ClassName(data, c)));
  std::vector<std::vector<std::string>> rows;
  for (int r = 0; r < counts.classes(); ++r) {
    std::vector<std::string>& cells = rows.emplace_back();
    cells.push_back(EscapeHtml(ClassName(data, r)));
    for (int c = 0; c < counts.classes(); ++c) {
      const int64_t count = counts.at(r, c);
      const std::string text = count == 0 ? "·" : absl::StrCat(count);
      cells.push_back(r == c ? absl::StrCat("<strong>", text, "</strong>") : text);
    }
  }
  return TableHtml("Samples by true class (rows) and answered class (columns)", columns, rows);
}

std::string MostConfused(const ReportData& data, const Counts& counts) {
  struct Pair {
    int64_t count;
    int row, column;
  };
  std::vector<Pair> pairs;
  for (int r = 0; r < counts.classes(); ++r) {
    for (int c = 0; c < counts.classes(); ++c) {
      if (r != c && counts.at(r, c) > 0) pairs.push_back({counts.at(r, c), r, c});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.count > b.count; });
  if (pairs.size() > kPairs) pairs.resize(kPairs);
  std::vector<std::vector<std::string>> rows;
  for (const Pair& pair : pairs) {
    rows.push_back({EscapeHtml(ClassName(data, pair.row)), EscapeHtml(ClassName(data, pair.column)),
                    absl::StrCat(pair.count)});
  }
  return rows.empty() ? ""
                      : TableHtml("Most often confused", {"true", "answered", "samples"}, rows);
}

}  // namespace

std::string ConfusionSection(const ReportData& data) {
  const ReportData::Confusion& confusion = data.confusion();
  const int classes = confusion.classes();
  if (classes == 0 || confusion.count_size() != classes * classes) return "";
  const Counts counts{confusion};
  int64_t right = 0, all = 0;
  for (int r = 0; r < classes; ++r) right += counts.at(r, r), all += counts.row(r);
  return absl::StrCat("<h2 id=\"confusion\">What nearest neighbours answer</h2>\n<p>",
                      EscapeHtml(confusion.figure()), ": ", right, " of ", all, " right, ",
                      Percent(right, all), " %.</p>\n", ByClass(data, counts),
                      classes <= kWholeMatrix
                          ? absl::StrCat("<details open><summary>The whole matrix</summary>\n",
                                         Matrix(data, counts), "</details>\n")
                          : MostConfused(data, counts));
}

}  // namespace pretext
