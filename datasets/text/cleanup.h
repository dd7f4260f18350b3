// Takes markup out of a document.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pretext {

struct CleanupOptions {
  // Text from `open` to the nearest `close` after it, both included, goes. One that would be longer
  // than max_bytes in all is left as it is: a stray `open` takes no text with it.
  struct Enclosed {
    std::string open, close;
    int64_t max_bytes = 200;
  };
  struct Replacement {
    std::string from, to;
  };

  std::vector<Enclosed> remove;
  std::vector<Replacement> replace;
  // Every stretch of ASCII whitespace becomes one space, none at the ends: before the rest, so that
  // markup is found across the ends of lines, and after it.
  bool collapse_whitespace = true;
};

// Removals in their order, then replacements in theirs; each goes once through
// the text from left to right.
void CleanUp(const CleanupOptions& options, std::string* text);

}  // namespace pretext
