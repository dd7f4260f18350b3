// Texts of others inside lines of ours.
#pragma once

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace pretext {

// A space in the place of each control character: one line, whatever is quoted in it.
inline std::string OnOneLine(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return absl::ascii_iscntrl(c); }, ' ');
  return text;
}

// A name of any bytes but 0 as a line of a file, as md5sum writes it: one with a line end or a tab
// in it, or a backslash at its begin, has these and its backslashes as \n, \r, \t and \\ behind one
// backslash more; any other is its own line.
inline std::string LineOfName(absl::string_view name) {
  const bool plain =
      name.find_first_of("\n\r\t") == absl::string_view::npos && name.substr(0, 1) != "\\";
  if (plain) return std::string(name);
  return absl::StrCat(
      "\\",
      absl::StrReplaceAll(name, {{"\\", "\\\\"}, {"\n", "\\n"}, {"\r", "\\r"}, {"\t", "\\t"}}));
}

inline std::string NameOfLine(absl::string_view line) {
  if (line.substr(0, 1) != "\\") return std::string(line);
  return absl::StrReplaceAll(line.substr(1),
                             {{"\\\\", "\\"}, {"\\n", "\n"}, {"\\r", "\r"}, {"\\t", "\t"}});
}

}  // namespace pretext
