#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pipelines/drawing/html.h"
#include "pipelines/report/sections.h"

namespace pretext {
namespace {

// Twice the size where a picture is small.
int Enlarged(const ReportData::Thumbnail& picture) {
  return std::max(picture.width(), picture.height()) <= 40 ? 2 : 1;
}

std::string Described(const ReportData& data, const ReportData::Thumbnail& sample,
                      absl::string_view what) {
  const std::string name = ClassName(data, sample.label());
  return absl::StrCat(what, " ", sample.index(), name.empty() ? "" : absl::StrCat(", ", name));
}

// The picture, or the words, of a sample.
std::string Shown(const ReportData& data, const ReportData::Thumbnail& sample,
                  absl::string_view what) {
  const std::string description = Described(data, sample, what);
  if (sample.has_png()) {
    const int by = Enlarged(sample);
    return PictureHtml(sample.png(), by * sample.width(), by * sample.height(), description);
  }
  if (sample.has_text()) return absl::StrCat("<span>", EscapeHtml(sample.text()), "</span>");
  return absl::StrCat("<span>", EscapeHtml(description), "</span>");
}

std::string Pairs(const ReportData& data, absl::string_view title, int begin, int end) {
  std::string html = absl::StrCat("<h3>", title, "</h3>\n<div class=\"tiles\">\n");
  for (int i = begin; i < end; ++i) {
    const ReportData::Reconstruction& pair = data.reconstruction(i);
    absl::StrAppend(&html, "<figure class=\"tile\"><div class=\"row\">",
                    Shown(data, pair.sample(), "sample"),
                    Shown(data, pair.given_back(), "given back"), "</div><figcaption>error ",
                    Figure(pair.error()), "</figcaption></figure>\n");
  }
  return absl::StrCat(html, "</div>\n");
}

}  // namespace

std::string ReconstructionSection(const ReportData& data) {
  const int all = data.reconstruction_size();
  if (all == 0) return "";
  const int best = (all + 1) / 2;
  return absl::StrCat("<h2 id=\"reconstructions\">Reconstructions</h2>\n<p>Samples of the ",
                      EscapeHtml(data.split()),
                      " split, each beside what the decoder gives back of its h; the error is the "
                      "mean square of a value.</p>\n",
                      Pairs(data, "The best", 0, best), Pairs(data, "The worst", best, all));
}

std::string ViewsSection(const ReportData& data) {
  if (data.views_size() == 0) return "";
  std::string html =
      "<h2 id=\"views\">Views</h2>\n<p>Training samples, each as it is and behind the line as "
      "training sees it, drawn twice.</p>\n<div class=\"tiles\">\n";
  for (const ReportData::Views& row : data.views()) {
    absl::StrAppend(&html, "<figure class=\"tile\"><div class=\"row\"><span class=\"query\">",
                    Shown(data, row.sample(), "sample"), "</span>");
    for (int v = 0; v < row.view_size(); ++v)
      absl::StrAppend(&html, Shown(data, row.view(v), absl::StrCat("view ", v + 1, " of sample")));
    const std::string name = ClassName(data, row.sample().label());
    absl::StrAppend(&html, "</div><figcaption>", EscapeHtml(name), "</figcaption></figure>\n");
  }
  return absl::StrCat(html, "</div>\n");
}

std::string NeighborsSection(const ReportData& data) {
  if (data.neighbors_size() == 0) return "";
  std::string html =
      absl::StrCat("<h2 id=\"neighbours\">Nearest neighbours</h2>\n<p>Samples of the ",
                   EscapeHtml(data.split()), " split, each with the nearest of ", data.searched(),
                   " training samples by the cosine of h, the nearest first. Those of another "
                   "class have a dashed "
                   "frame and the sign ≠.</p>\n<div class=\"tiles\">\n");
  for (const ReportData::Neighbors& row : data.neighbors()) {
    const int32_t own = row.sample().label();
    absl::StrAppend(&html, "<figure class=\"tile\"><div class=\"row\"><span class=\"query\">",
                    Shown(data, row.sample(), "sample"), "</span>");
    for (int i = 0; i < row.near_size(); ++i) {
      const ReportData::Thumbnail& near = row.near(i);
      const bool other = own >= 0 && near.label() >= 0 && near.label() != own;
      const bool words = near.has_text() && !near.has_png();
      absl::StrAppend(&html, words ? "<div>" : "<span class=\"near",
                      words   ? ""
                      : other ? " other\">"
                              : "\">",
                      Shown(data, near, "training sample"), words ? " <small>" : "<br>",
                      absl::StrFormat("%s%.3f", other ? "≠ " : "", row.cosine(i)),
                      words ? "</small></div>" : "</span>");
    }
    absl::StrAppend(&html, "</div><figcaption>", EscapeHtml(ClassName(data, own)),
                    "</figcaption></figure>\n");
  }
  return absl::StrCat(html, "</div>\n");
}

}  // namespace pretext
