#include "evaluation/embed_text/labelled_text.h"

#include <algorithm>
#include <map>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file/read_file.h"
#include "base/text/counted.h"
#include "base/unicode/text_decoder.h"
#include "base/unicode/unicode.h"
#include "core/flow/held_out.h"
#include "evaluation/probe/probe.h"

namespace pretext {
namespace {

constexpr double kHeldOut = 0.2;

// Of texts or labels, which are all in memory: more comes from a device without end.
constexpr int64_t kMostBytes = int64_t{1} << 30;

// Of fewer texts a label, most are either not learnt from or not scored; a probe of many labels,
// whose time grows with their number, needs more to be worth it.
constexpr int64_t kTextsALabel = 2;
constexpr int64_t kTextsOfManyLabels = 20;

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

absl::StatusOr<std::vector<std::string>> ReadLines(const std::string& path, int64_t* replaced) {
  const absl::StatusOr<std::string> bytes = ReadFile(path, kMostBytes);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<std::string> text = DecodeText(*bytes, replaced);
  if (!text.ok()) {
    return absl::Status(text.status().code(), absl::StrCat(path, ": ", text.status().message()));
  }
  RepairUtf8(&*text, replaced);
  std::vector<std::string> lines = absl::StrSplit(*text, '\n');
  if (lines.back().empty()) lines.pop_back();  // what ends with an end of line has no line after it
  return lines;
}

int64_t CountDifferent(const std::vector<std::string>& labels) {
  return static_cast<int64_t>(
      absl::flat_hash_set<absl::string_view>(labels.begin(), labels.end()).size());
}

absl::Status CheckLabels(const std::vector<std::string>& labels, int64_t texts) {
  if (static_cast<int64_t>(labels.size()) != texts) {
    return absl::InvalidArgumentError(absl::StrCat("there are ", labels.size(), " labels for ",
                                                   texts, " texts: one a line, in the same order"));
  }
  const int64_t classes = CountDifferent(labels);
  if (classes < 2 || texts < 5) {
    return absl::InvalidArgumentError(
        absl::StrCat("a probe needs five labels at least, of two kinds; there are ", texts, ", of ",
                     classes, classes == 1 ? " kind" : " kinds"));
  }
  const int64_t least = classes > kManyLabels ? kTextsOfManyLabels : kTextsALabel;
  if (texts < least * classes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the ", Counted(texts), " texts have ", Counted(classes), " different labels, fewer than ",
        least, " texts each: a probe would ", classes > kManyLabels ? "take minutes and " : "",
        "tell nothing. Give fewer, coarser labels, or leave --labels out"));
  }
  return absl::OkStatus();
}

absl::StatusOr<TextProbe> ProbeTexts(const Features& vectors,
                                     const std::vector<std::string>& labels, uint64_t seed) {
  if (absl::Status status = CheckLabels(labels, vectors.count); !status.ok()) return status;
  std::map<std::string, int32_t> classes;
  for (const std::string& label : labels) classes.emplace(label, 0);
  int32_t next = 0;
  for (auto& [label, number] : classes) number = next++;
  std::vector<int32_t> numbers;
  for (const std::string& label : labels) numbers.push_back(classes[label]);

  const HeldOutSplit split = HoldOut(vectors.count, kHeldOut, seed, numbers);
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
