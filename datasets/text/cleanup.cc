#include "datasets/text/cleanup.h"

#include <string_view>

#include "absl/strings/ascii.h"

namespace pretext {
namespace {

void CollapseWhitespace(std::string* text) {
  size_t to = 0;
  bool space = true;  // what was written last; also true at the start
  for (const char c : *text) {
    if (!absl::ascii_isspace(c)) {
      (*text)[to++] = c;
      space = false;
    } else if (!space) {
      (*text)[to++] = ' ';
      space = true;
    }
  }
  if (to > 0 && space) --to;
  text->resize(to);
}

void RemoveEnclosed(const CleanupOptions::Enclosed& what, std::string* text) {
  const std::string_view view = *text;
  size_t open = view.find(what.open);
  if (open == std::string_view::npos) return;
  std::string kept;
  size_t from = 0;  // what is before it is done
  while (open != std::string_view::npos) {
    const size_t after_open = open + what.open.size();
    const size_t close = view.find(what.close, after_open);
    if (close == std::string_view::npos) break;
    const size_t end = close + what.close.size();
    const bool removed = end - open <= static_cast<size_t>(what.max_bytes);
    kept.append(view.substr(from, (removed ? open : after_open) - from));
    from = removed ? end : after_open;
    open = view.find(what.open, from);
  }
  kept.append(view.substr(from));
  *text = std::move(kept);
}

void Replace(const CleanupOptions::Replacement& what, std::string* text) {
  const std::string_view view = *text;
  size_t at = view.find(what.from);
  if (at == std::string_view::npos) return;
  std::string result;
  size_t from = 0;
  for (; at != std::string_view::npos; at = view.find(what.from, from)) {
    result.append(view.substr(from, at - from)).append(what.to);
    from = at + what.from.size();
  }
  result.append(view.substr(from));
  *text = std::move(result);
}

}  // namespace

void CleanUp(const CleanupOptions& options, std::string* text) {
  if (options.collapse_whitespace) CollapseWhitespace(text);
  if (options.remove.empty() && options.replace.empty()) return;
  for (const CleanupOptions::Enclosed& what : options.remove) RemoveEnclosed(what, text);
  for (const CleanupOptions::Replacement& what : options.replace) Replace(what, text);
  if (options.collapse_whitespace) CollapseWhitespace(text);
}

}  // namespace pretext
