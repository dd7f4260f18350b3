// HTML as text: what is written into it is escaped, whatever it holds.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace pretext {

// For text and for attributes in double quotes. Ill-formed UTF-8 becomes U+FFFD, and so does a
// control character, which no HTML may hold.
std::string EscapeHtml(absl::string_view text);

// As figures are shown everywhere: four significant digits.
std::string Figure(double value);

// An <img> whose picture stands in the page (RFC 2397), enlarged pixel by pixel. `png` is empty
// where it could not be made: then its description stands there.
std::string PictureHtml(absl::string_view png, int width, int height, absl::string_view alt);

// A table: the first cells of rows and columns are headers. Cells are HTML.
std::string TableHtml(absl::string_view caption, const std::vector<std::string>& columns,
                      const std::vector<std::vector<std::string>>& rows);

// A whole page. `body` is HTML, `title` text; with `script`, the one of the maps.
std::string PageHtml(absl::string_view title, absl::string_view body, bool script);

}  // namespace pretext
