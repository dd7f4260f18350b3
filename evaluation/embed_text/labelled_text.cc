#include "evaluation/embed_text/labelled_text.h"

#include <algorithm>
#include <fstream>
#include <map>

#include "absl/strings/str_cat.h"
#include "core/flow/held_out.h"
#include "evaluation/probe/probe.h"

namespace pretext {
namespace {

constexpr double kHeldOut = 0.2;

Features Pick(const Features& all, const std::vector<int32_t>& labels,
              const std::vector<int64_t>& rows) {
  Features picked{
      .count = static_cast<int64_t>(rows.size()), .width = all.width, .values = {}, .labels = {}};
  for (const int64_t row : rows) {
    const auto at = all.values.begin() + row * all.width;
    picked.values.insert(picked.values.end(), at, at + all.width);
    picked.labels.push_back(labels[static_cast<size_t>(row)]);
  }
  return picked;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadLines(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(line);
  }
  if (file.bad()) return absl::DataLossError(absl::StrCat(path, ": cannot be read"));
  return lines;
}

absl::StatusOr<TextProbe> ProbeTexts(const Features& vectors,
                                     const std::vector<std::string>& labels, uint64_t seed) {
  if (static_cast<int64_t>(labels.size()) != vectors.count) {
    return absl::InvalidArgumentError(absl::StrCat("there are ", labels.size(), " labels for ",
                                                   vectors.count,
                                                   " texts: one a line, in the same order"));
  }
  std::map<std::string, int32_t> classes;
  for (const std::string& label : labels) classes.emplace(label, 0);
  if (classes.size() < 2 || vectors.count < 5) {
    return absl::InvalidArgumentError(
        absl::StrCat("a probe needs two labels and five texts at least; there are ", classes.size(),
                     " and ", vectors.count));
  }
  int32_t next = 0;
  for (auto& [label, number] : classes) number = next++;
  std::vector<int32_t> numbers;
  for (const std::string& label : labels) numbers.push_back(classes[label]);

  const HeldOutSplit split = HoldOut(vectors.count, kHeldOut, seed);
  const Features train = Pick(vectors, numbers, split.train),
                 test = Pick(vectors, numbers, split.test);
  const absl::StatusOr<ProbeAccuracy> accuracy = EvaluateProbe(train, test, ProbeOptions());
  if (!accuracy.ok()) return accuracy.status();
  std::vector<int64_t> counts(classes.size());
  for (const int32_t label : train.labels) ++counts[static_cast<size_t>(label)];
  const auto frequent =
      static_cast<int32_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
  const std::vector<int32_t> always(test.labels.size(), frequent);
  return TextProbe{.train = train.count,
                   .test = test.count,
                   .classes = static_cast<int64_t>(classes.size()),
                   .accuracy = accuracy->test,
                   .most_frequent = PercentCorrect(always, test.labels)};
}

}  // namespace pretext
