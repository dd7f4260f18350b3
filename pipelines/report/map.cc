#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/json/json.h"
#include "pipelines/drawing/html.h"
#include "pipelines/report/sections.h"

namespace pretext {
namespace {

constexpr int kWidth = 520, kHeight = 440, kMargin = 14;
constexpr int kKinds = 10;  // of marks, and of colours

// Marks of ten shapes, some 7 across, that are told apart without colour.
constexpr std::array<const char*, kKinds> kMarks = {
    "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z",                 // a disc
    "M-2.8 -2.8h5.6v5.6h-5.6z",                            // a square
    "M0 -3.8L3.6 2.6H-3.6z",                               // a triangle
    "M0 -4L3.4 0L0 4L-3.4 0z",                             // a diamond
    "M-1 -3.6h2v2.6h2.6v2h-2.6v2.6h-2v-2.6h-2.6v-2h2.6z",  // a plus
    "M0 3.8L3.6 -2.6H-3.6z",                               // a triangle on its head
    "M-3.4 -2L-2 -3.4L0 -1.4L2 -3.4L3.4 -2L1.4 0L3.4 2L2 3.4L0 1.4L-2 3.4L-3.4 2L-1.4 "
    "0z",                            // a cross
    "M-3.2 -3.2H3.2L-3.2 3.2H3.2z",  // an hourglass
    "M-4 -1.2h8v2.4h-8z",            // a bar
    "M-1.2 -4h2.4v8h-2.4z",          // a bar on its end
};

// The mark of a class; its colour changes with the mark, and again after ten.
int MarkOf(int32_t label) { return label < 0 ? 0 : label % kKinds; }
int ColorOf(int32_t label) { return label < 0 ? 0 : (label + label / kKinds) % kKinds; }

std::string MarkHtml(int32_t label, const std::string& place) {
  return absl::StrFormat("<use class=\"p f%d\" href=\"#m%d\"%s/>", ColorOf(label), MarkOf(label),
                         place);
}

struct Places {
  std::vector<double> x, y;
};

// To the field, one scale for both axes; what is no number is in the middle.
template <typename Values>
Places Fit(const Values& x, const Values& y) {
  double left = INFINITY, right = -INFINITY, top = INFINITY, bottom = -INFINITY;
  const int count = std::min(x.size(), y.size());
  for (int i = 0; i < count; ++i) {
    if (!std::isfinite(x.Get(i)) || !std::isfinite(y.Get(i))) continue;
    left = std::min<double>(left, x.Get(i)), right = std::max<double>(right, x.Get(i));
    top = std::min<double>(top, y.Get(i)), bottom = std::max<double>(bottom, y.Get(i));
  }
  const double wide = right > left ? (kWidth - 2 * kMargin) / (right - left) : INFINITY;
  const double high = bottom > top ? (kHeight - 2 * kMargin) / (bottom - top) : INFINITY;
  double scale = std::min(wide, high);
  if (!std::isfinite(scale)) scale = 0;
  Places places;
  for (int i = 0; i < count; ++i) {
    const bool finite = std::isfinite(x.Get(i)) && std::isfinite(y.Get(i)) && scale > 0;
    places.x.push_back(kWidth / 2.0 + (finite ? (x.Get(i) - (left + right) / 2) * scale : 0));
    places.y.push_back(kHeight / 2.0 + (finite ? (y.Get(i) - (top + bottom) / 2) * scale : 0));
  }
  return places;
}

std::string Numbers(const std::vector<double>& values) {
  return absl::StrCat("[",
                      absl::StrJoin(values, ",",
                                    [](std::string* out, double value) {
                                      absl::StrAppendFormat(out, "%.1f", value);
                                    }),
                      "]");
}

// Within a <script>: what would end it is written otherwise.
std::string ForScript(const std::string& json) {
  return absl::StrReplaceAll(json,
                             {{"<", "\\u003c"}, {"\u2028", "\\u2028"}, {"\u2029", "\\u2029"}});
}

std::string Strings(const std::vector<std::string>& texts) {
  return absl::StrCat("[",
                      absl::StrJoin(texts, ",",
                                    [](std::string* out, const std::string& text) {
                                      absl::StrAppend(out, JsonString(text));
                                    }),
                      "]");
}

// The classes on the map, each once. Labels of arrays need not follow one another.
std::set<int32_t> Classes(const ReportData::Map& map) {
  std::set<int32_t> labels(map.label().begin(), map.label().end());
  labels.erase(labels.begin(), labels.lower_bound(0));
  return labels;
}

std::string DataJson(const ReportData& data, const Places& places) {
  const ReportData::Map& map = data.map();
  JsonObject names;  // by label
  for (const int32_t label : Classes(map)) names.Add(absl::StrCat(label), ClassName(data, label));
  const std::vector<std::string> texts(map.text().begin(), map.text().end());
  return ForScript(absl::StrCat("{\"x\":", Numbers(places.x), ",\"y\":", Numbers(places.y),
                                ",\"label\":[", absl::StrJoin(map.label(), ","), "],\"index\":[",
                                absl::StrJoin(map.index(), ","), "],\"names\":", names.text(),
                                ",\"text\":", Strings(texts), ",\"cell\":[", map.cell_width(), ",",
                                map.cell_height(), ",", std::max(1, map.sheet_columns()), "]}"));
}

std::string Legend(const ReportData& data) {
  std::string html;
  for (const int32_t label : Classes(data.map())) {
    absl::StrAppend(&html, "<button type=\"button\" aria-pressed=\"false\" data-label=\"", label,
                    "\"><svg viewBox=\"-6 -6 12 12\" aria-hidden=\"true\">", MarkHtml(label, ""),
                    "</svg>", EscapeHtml(ClassName(data, label)), "</button>\n");
  }
  if (html.empty()) return "";
  return absl::StrCat("<div class=\"legend\" role=\"group\" aria-label=\"Show one class alone\">",
                      html, "</div>\n");
}

std::string Figure(const ReportData& data, const std::string& title, const Places& places) {
  const ReportData::Map& map = data.map();
  std::string marks;
  for (size_t i = 0; i < places.x.size(); ++i) {
    const int32_t label =
        static_cast<int>(i) < map.label_size() ? map.label(static_cast<int>(i)) : -1;
    absl::StrAppend(
        &marks,
        MarkHtml(label, absl::StrFormat(" x=\"%.1f\" y=\"%.1f\"", places.x[i], places.y[i])), "\n");
  }
  const bool pictures = !map.sheet().empty();
  return absl::StrCat(
      "<figure class=\"map\"", pictures ? " data-sheet=\"sheet\"" : "", "><figcaption>",
      EscapeHtml(title), "</figcaption>\n<svg class=\"field\" viewBox=\"0 0 ", kWidth, " ", kHeight,
      "\" tabindex=\"0\" role=\"application\" aria-label=\"", EscapeHtml(title), ": ",
      places.x.size(), " samples. The arrow keys go from one to the next.\">\n", marks,
      "<circle class=\"ring\" r=\"8\" visibility=\"hidden\"/></svg>\n<div class=\"shown\" "
      "aria-live=\"polite\">",
      pictures ? "<div class=\"cell\"></div>" : "",
      "<span class=\"words soft\">Point at a mark, or press the arrow keys on the "
      "map.</span></div>\n",
      Legend(data), "<script type=\"application/json\">", DataJson(data, places),
      "</script>\n</figure>\n");
}

}  // namespace

std::string MapSection(const ReportData& data) {
  const ReportData::Map& map = data.map();
  if (map.pca_x_size() == 0) return "";
  std::string html =
      absl::StrCat("<h2 id=\"map\">Map of h</h2>\n<p>", map.pca_x_size(), " samples of the ",
                   EscapeHtml(data.split()),
                   " split by their h. Near ones are alike to the encoder; distances "
                   "between far groups of t-SNE mean little.</p>\n");
  absl::StrAppend(&html,
                  "<svg width=\"0\" height=\"0\" style=\"position:absolute;width:0;height:0\" "
                  "aria-hidden=\"true\"><defs>");
  for (int i = 0; i < kKinds; ++i)
    absl::StrAppend(&html, "<path id=\"m", i, "\" d=\"", kMarks[i], "\"/>");
  absl::StrAppend(&html, "</defs></svg>\n");
  if (!map.sheet().empty()) {
    absl::StrAppend(&html, "<img id=\"sheet\" hidden alt=\"\" src=\"data:image/png;base64,",
                    absl::Base64Escape(map.sheet()), "\">\n");
  }
  absl::StrAppend(&html, "<div class=\"charts\">\n");
  if (map.tsne_x_size() > 0) {
    absl::StrAppend(&html, Figure(data, absl::StrFormat("t-SNE, perplexity %.3g", map.perplexity()),
                                  Fit(map.tsne_x(), map.tsne_y())));
  }
  double share = 0;
  for (const double part : map.explained()) share += part;
  absl::StrAppend(
      &html,
      Figure(data,
             absl::StrFormat("The first two principal components, %.0f %% of the variance",
                             100 * share),
             Fit(map.pca_x(), map.pca_y())),
      "</div>\n");
  return html;
}

}  // namespace pretext
