#include "base/text/nearest.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace pretext {
namespace {

constexpr size_t kLongest = 256;

std::string Normalized(absl::string_view text) {
  std::string result;
  for (const char c : text.substr(0, kLongest)) {
    if (c != '_' && c != '-' && c != ' ') result += absl::ascii_tolower(c);
  }
  return result;
}

}  // namespace

int EditDistance(absl::string_view a, absl::string_view b) {
  a = a.substr(0, kLongest);
  b = b.substr(0, kLongest);
  // Three rows of the table: distances to prefixes of b for the prefix
  // of a of length i - 2, i - 1 and i.
  std::vector<int> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) current[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    before.swap(previous);
    previous.swap(current);
    current[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int substituted = previous[j - 1] + (a[i - 1] != b[j - 1]);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, substituted});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
  }
  return current[b.size()];
}

std::string NearestMatch(absl::string_view asked, const std::vector<std::string>& candidates) {
  const std::string wanted = Normalized(asked);
  const std::string* nearest = nullptr;
  int least = 0;
  for (const std::string& candidate : candidates) {
    const std::string known = Normalized(candidate);
    const int distance = EditDistance(wanted, known);
    const int allowed = static_cast<int>(std::max(wanted.size(), known.size()) + 2) / 3;
    if (distance > allowed || distance >= static_cast<int>(known.size())) continue;
    if (nearest == nullptr || distance < least) {
      nearest = &candidate;
      least = distance;
    }
  }
  return nearest == nullptr ? "" : *nearest;
}

std::string DidYouMean(absl::string_view asked, const std::vector<std::string>& candidates,
                       absl::string_view before, absl::string_view after) {
  const std::string nearest = NearestMatch(asked, candidates);
  return nearest.empty() ? "" : absl::StrCat("; did you mean ", before, nearest, after, "?");
}

std::string NearestAndKnown(absl::string_view asked, const std::vector<std::string>& candidates,
                            absl::string_view title, absl::string_view list) {
  const std::string meant = DidYouMean(asked, candidates);
  return absl::StrCat(meant.empty() ? "." : meant, " ", title, ": ",
                      list.empty() ? ListOrNone(candidates) : std::string(list));
}

std::string ListOrNone(const std::vector<std::string>& items) {
  return items.empty() ? "(none)" : absl::StrJoin(items, ", ");
}

std::string WithArticle(absl::string_view noun) {
  const bool vowel =
      !noun.empty() && absl::string_view("aeiou").find(noun.front()) != absl::string_view::npos;
  return absl::StrCat(vowel ? "an " : "a ", noun);
}

std::string SnakeCase(absl::string_view camel_case) {
  std::string result;
  for (size_t i = 0; i < camel_case.size(); ++i) {
    const bool upper = absl::ascii_isupper(camel_case[i]);
    const bool after_lower = i > 0 && !absl::ascii_isupper(camel_case[i - 1]);
    const bool before_lower = i + 1 < camel_case.size() && absl::ascii_islower(camel_case[i + 1]);
    if (upper && i > 0 && (after_lower || before_lower) && result.back() != '_') result += '_';
    result += absl::ascii_tolower(camel_case[i]);
  }
  return result;
}

}  // namespace pretext
