#include "pipelines/drawing/html.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/unicode/unicode.h"
#include "pipelines/drawing/page_parts.h"

namespace pretext {

std::string EscapeHtml(absl::string_view text) {
  std::string repaired(text);
  int64_t replaced = 0;
  RepairUtf8(&repaired, &replaced);
  std::string out;
  for (const char c : repaired) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\n':
      case '\t':
        out += c;
        break;
      default: {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
          out += "\uFFFD";
        } else {
          out += c;
        }
      }
    }
  }
  return out;
}

std::string Figure(double value) { return absl::StrFormat("%.4g", value); }

std::string PictureHtml(absl::string_view png, int width, int height, absl::string_view alt) {
  if (png.empty()) return absl::StrCat("<span>", EscapeHtml(alt), "</span>");
  return absl::StrFormat(
      "<img width=\"%d\" height=\"%d\" alt=\"%s\" title=\"%s\" src=\"data:image/png;base64,%s\">",
      width, height, EscapeHtml(alt), EscapeHtml(alt), absl::Base64Escape(png));
}

std::string TableHtml(absl::string_view caption, const std::vector<std::string>& columns,
                      const std::vector<std::vector<std::string>>& rows) {
  std::string html = absl::StrCat("<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"",
                                  EscapeHtml(caption), "\"><table>");
  absl::StrAppend(&html, "<caption>", EscapeHtml(caption), "</caption>");
  if (!columns.empty()) {
    absl::StrAppend(&html, "<thead><tr>");
    for (const std::string& column : columns)
      absl::StrAppend(&html, "<th scope=\"col\">", column, "</th>");
    absl::StrAppend(&html, "</tr></thead>");
  }
  absl::StrAppend(&html, "<tbody>\n");
  for (const auto& row : rows) {
    absl::StrAppend(&html, "<tr>");
    for (size_t i = 0; i < row.size(); ++i) {
      if (i == 0) {
        absl::StrAppend(&html, "<th scope=\"row\">", row[i], "</th>");
      } else {
        absl::StrAppend(&html, "<td>", row[i], "</td>");
      }
    }
    absl::StrAppend(&html, "</tr>\n");
  }
  return absl::StrCat(html, "</tbody></table></div>\n");
}

std::string PageHtml(absl::string_view title, absl::string_view body, bool script) {
  return absl::StrCat(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"generator\" content=\"pretext\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      // An icon of its own: else a browser asks a server for one.
      "<link rel=\"icon\" href=\"data:,\">\n<title>",
      EscapeHtml(title), "</title>\n<style>", kPageStyle, "</style>\n</head>\n<body>\n<main>\n",
      body, "</main>\n", script ? absl::StrCat("<script>", kMapScript, "</script>\n") : "",
      "</body>\n</html>\n");
}

}  // namespace pretext
