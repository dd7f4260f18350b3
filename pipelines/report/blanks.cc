#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "pipelines/drawing/html.h"
#include "pipelines/report/sections.h"

namespace pretext {
namespace {

std::string Candidates(const ReportData::Piece& piece) {
  return absl::StrJoin(piece.guess(), ", ", [](std::string* out, const ReportData::Guess& guess) {
    absl::StrAppendFormat(out, "%s %.0f %%", guess.token(), 100 * guess.probability());
  });
}

std::string Sequence(const ReportData::FilledSequence& sequence) {
  std::string html = "<p class=\"said\">";
  for (const ReportData::Piece& piece : sequence.piece()) {
    const absl::string_view text =
        piece.continues() ? absl::StripPrefix(piece.text(), "##") : absl::string_view(piece.text());
    if (!piece.continues()) absl::StrAppend(&html, " ");
    if (piece.guess_size() == 0) {
      absl::StrAppend(&html, EscapeHtml(text));
      continue;
    }
    // What stood there, and behind it what the model would put.
    const bool right = piece.guess(0).token() == piece.text();
    absl::StrAppend(&html, "<span class=\"blank", right ? "" : " wrong",
                    "\" tabindex=\"0\" title=\"", EscapeHtml(Candidates(piece)), "\">",
                    EscapeHtml(text), "</span><small> ", right ? "✓" : "✗",
                    right ? "" : absl::StrCat(" ", EscapeHtml(piece.guess(0).token())), "</small>");
  }
  return absl::StrCat(html, "</p>\n");
}

std::string OneOf(double least, double most) {
  return least < 1.5 ? absl::StrFormat("more than 1 in %.0f", most)
                     : absl::StrFormat("1 in %.0f to 1 in %.0f", least, most);
}

}  // namespace

std::string BlanksSection(const ReportData& data) {
  if (data.filled_size() == 0 && data.frequency_size() == 0) return "";
  std::string html = "<h2 id=\"blanks\">Filled-in blanks</h2>\n";
  if (data.filled_size() > 0) {
    absl::StrAppend(&html,
                    "<p>Held-out text. The tokens underlined were hidden from the model: ✓ "
                    "where its first guess is what stood there, else ✗ and the guess. Point at one "
                    "for the three likeliest.</p>\n");
    for (const ReportData::FilledSequence& sequence : data.filled())
      absl::StrAppend(&html, Sequence(sequence));
  }
  if (data.frequency_size() == 0) return html;
  std::vector<std::vector<std::string>> rows;
  for (const ReportData::FrequencyBin& bin : data.frequency()) {
    rows.push_back({OneOf(bin.least(), bin.most()), absl::StrCat(bin.targets()), Figure(bin.loss()),
                    Figure(bin.unigram()), absl::StrFormat("%.1f", bin.accuracy())});
  }
  return absl::StrCat(html,
                      TableHtml("The loss by how frequent the hidden token is in the training "
                                "text, nats",
                                {"frequency", "tokens", "model", "unigram", "found, %"}, rows));
}

}  // namespace pretext
