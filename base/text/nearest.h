// Helpers for messages that say what is known and what was probably meant.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace pretext {

// The number of single-character insertions, deletions, substitutions and swaps of neighbours that
// turn `a` into `b` (optimal string alignment). O(|a|·|b|) time; inputs longer than 256 characters
// are cut there.
int EditDistance(absl::string_view a, absl::string_view b);

// The candidate nearest to `asked`, or "" when none is near: at most a third of its characters
// differ. Upper case, '_', '-' and ' ' do not count, so "batchsize" is "batch_size". The first of
// equally near candidates wins.
std::string NearestMatch(absl::string_view asked, const std::vector<std::string>& candidates);

// "; did you mean X?" for the nearest candidate between `before` and `after`,
// or "" when none is near.
std::string DidYouMean(absl::string_view asked, const std::vector<std::string>& candidates,
                       absl::string_view before = "", absl::string_view after = "");

// The end of a message on what is not known: "; did you mean X? TITLE: LIST", or ". TITLE: LIST"
// where none is near. Without a list it is of the candidates.
std::string NearestAndKnown(absl::string_view asked, const std::vector<std::string>& candidates,
                            absl::string_view title, absl::string_view list = "");

// "a, b, c", or "(none)".
std::string ListOrNone(const std::vector<std::string>& items);

// "an encoder", "a loss".
std::string WithArticle(absl::string_view noun);

// "NtXent" -> "nt_xent", "ResNet" -> "res_net", "KNN" -> "knn".
std::string SnakeCase(absl::string_view camel_case);

}  // namespace pretext
