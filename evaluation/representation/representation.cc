#include "evaluation/representation/representation.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/text/counted.h"
#include "evaluation/features/encode.h"
#include "evaluation/pca/pca.h"

namespace pretext {
namespace {

// Leaves out the rows without a label.
void KeepLabelled(Features& features) {
  if (features.labels.empty()) {
    features = Features{.width = features.width};
    return;
  }
  int64_t kept = 0;
  for (int64_t n = 0; n < features.count; ++n) {
    if (features.labels[n] < 0) continue;
    if (kept != n) {
      features.labels[kept] = features.labels[n];
      if (!features.indices.empty()) features.indices[kept] = features.indices[n];
      std::copy_n(features.values.data() + n * features.width, features.width,
                  features.values.data() + kept * features.width);
    }
    ++kept;
  }
  features.count = kept;
  features.labels.resize(kept);
  if (!features.indices.empty()) features.indices.resize(kept);
  features.values.resize(kept * features.width);
}

// How many rows of `test` have a label that none of `train` has.
int64_t OfOtherClasses(const Features& train, const Features& test) {
  const absl::flat_hash_set<int32_t> classes(train.labels.begin(), train.labels.end());
  return std::count_if(test.labels.begin(), test.labels.end(),
                       [&](int32_t label) { return label >= 0 && !classes.contains(label); });
}

// Puts each label's place among the labels that either split has in its place, and gives these,
// sorted: 0 and 1,000,000 are two classes, not a million. Every row has a label.
std::vector<int32_t> NumberClasses(Features& train, Features& test) {
  std::vector<int32_t> classes = train.labels;
  classes.insert(classes.end(), test.labels.begin(), test.labels.end());
  std::sort(classes.begin(), classes.end());
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  for (Features* features : {&train, &test}) {
    for (int32_t& label : features->labels) {
      const auto found = std::lower_bound(classes.begin(), classes.end(), label);
      label = static_cast<int32_t>(found - classes.begin());
    }
  }
  return classes;
}

// The labels that places among `classes` stand for.
std::vector<int32_t> AsGiven(std::vector<int32_t> places, const std::vector<int32_t>& classes) {
  for (int32_t& place : places) place = classes[static_cast<size_t>(place)];
  return places;
}

// The options' work, told of under what a prefix ("raw_") stands for.
Work Under(const std::string& prefix, const Work& work) {
  if (prefix.empty()) return work;
  const std::string of = absl::StrReplaceAll(prefix, {{"_", " "}});
  return Work([of, work](absl::string_view what, double share) {
    return work.Tell(absl::StrCat(of, what), share).ok();
  });
}

EncodeOptions Encoding(const std::string& prefix, Split split,
                       const RepresentationOptions& options) {
  return {.split = split,
          .batch_size = options.batch_size,
          .limit = split == Split::kTrain ? options.max_train_samples : options.max_test_samples,
          .chain = options.chain,
          .precision = options.precision,
          .work = Under(prefix, options.work)};
}

void Append(NamedFigures& figures, const NamedFigures& more) {
  figures.insert(figures.end(), more.begin(), more.end());
}

}  // namespace

std::string KnnName(const std::vector<KnnVote>& votes, size_t index) {
  if (index == 0) return "knn";
  const KnnVote& vote = votes[index];
  return absl::StrCat("knn_k", vote.neighbors,
                      vote.temperature > 0 ? absl::StrCat("_t", vote.temperature) : "");
}

absl::StatusOr<NamedFigures> ScoreFeatures(const std::string& prefix, Features train, Features test,
                                           const RepresentationOptions& options) {
  NamedFigures figures;
  if (!options.classify) return figures;
  KeepLabelled(train);
  KeepLabelled(test);
  if (train.count == 0 || test.count == 0) return figures;
  const std::vector<int32_t> classes = NumberClasses(train, test);
  const auto answers = PredictKnn(train, test, options.knn, Under(prefix, options.work));
  if (!answers.ok()) return answers.status();
  for (size_t i = 0; i < answers->size(); ++i)
    figures.emplace_back(prefix + KnnName(options.knn, i),
                         PercentCorrect((*answers)[i], test.labels));
  if (options.on_answers != nullptr && !answers->empty())
    options.on_answers(prefix + "knn", AsGiven(test.labels, classes),
                       AsGiven(answers->front(), classes));
  if (options.probe) {
    ProbeOptions probe_options = options.probe_options;
    probe_options.work = Under(prefix, options.work);
    const absl::StatusOr<ProbeAccuracy> probe = EvaluateProbe(train, test, probe_options);
    if (!probe.ok()) return probe.status();
    figures.emplace_back(prefix + "probe", probe->test);
  }
  return figures;
}

absl::StatusOr<NamedFigures> ScoreEncoder(const std::string& prefix, Encoder& encoder,
                                          const Dataset& dataset,
                                          const RepresentationOptions& options) {
  if (!options.classify || !dataset.labelled()) return NamedFigures();
  absl::StatusOr<Features> train =
      EncodeSplit(encoder, dataset, Encoding(prefix, Split::kTrain, options));
  if (!train.ok()) return train.status();
  absl::StatusOr<Features> test =
      EncodeSplit(encoder, dataset, Encoding(prefix, options.split, options));
  if (!test.ok()) return test.status();
  return ScoreFeatures(prefix, *std::move(train), *std::move(test), options);
}

std::vector<std::string> HollowFigures(const Features& train, const Features& test,
                                       const RepresentationOptions& options) {
  std::vector<std::string> warnings;
  const auto row = [](const Features& features, int64_t n) {
    return absl::string_view(
        reinterpret_cast<const char*>(features.values.data() + n * features.width),
        static_cast<size_t>(features.width) * sizeof(float));
  };
  absl::flat_hash_set<absl::string_view> trained;
  for (int64_t n = 0; n < train.count; ++n) trained.insert(row(train, n));
  int64_t copies = 0, constant = 0;
  for (int64_t n = 0; n < test.count; ++n) {
    copies += trained.contains(row(test, n)) ? 1 : 0;
    const float* const values = test.values.data() + n * test.width;
    constant += test.width > 1 && std::all_of(values, values + test.width,
                                              [&](float value) { return value == values[0]; });
  }
  const auto of_all = [&](int64_t count, absl::string_view what) {
    if (count == 0) return;
    warnings.push_back(
        absl::StrCat(Counted(count), " of ", Counted(test.count), " samples ", what));
  };
  of_all(copies,
         "that are measured are training samples too: figures are better than they should "
         "be");
  of_all(constant,
         "that are measured are of one value throughout: there is nothing to tell them by");
  if (!options.classify || train.labels.empty()) return warnings;
  if (std::all_of(train.labels.begin(), train.labels.end(),
                  [&](int32_t label) { return label == train.labels[0]; })) {
    warnings.push_back("all training samples are of one class: accuracies mean nothing");
  } else {
    of_all(OfOtherClasses(train, test),
           "that are measured are of classes that no training sample has: their answers are wrong "
           "whatever h is");
  }
  return warnings;
}

std::vector<std::string> HollowVotes(const std::vector<KnnVote>& votes, int64_t samples) {
  std::vector<std::string> hollow;
  for (const KnnVote& vote : votes) {
    if (vote.neighbors < samples) continue;
    hollow.push_back(absl::StrCat(
        "k-NN with k = ", vote.neighbors, " asks all of the ", Counted(samples),
        " training samples", vote.temperature > 0 ? "" : ", which always answers the largest class",
        "; a smaller k, evaluate { knn { k: … } }, would tell more"));
  }
  return hollow;
}

bool TakesComponents(int64_t values, bool reconstructs, bool classified) {
  return (reconstructs || classified) && values <= Pca::kMaxSide;
}

absl::StatusOr<NamedFigures> ScoreSamples(bool raw_input, int64_t pca_width, const Dataset& dataset,
                                          const RepresentationOptions& options,
                                          std::vector<std::string>* warnings) {
  NamedFigures figures;
  const bool classify = options.classify && dataset.labelled();
  if (!TakesComponents(dataset.type().size(), options.reconstructs, classify)) pca_width = 0;
  if (pca_width == 0 && !(raw_input && classify)) return figures;
  absl::StatusOr<Features> train = RawSplit(dataset, Encoding("raw_", Split::kTrain, options));
  if (!train.ok()) return train.status();
  absl::StatusOr<Features> test = RawSplit(dataset, Encoding("raw_", options.split, options));
  if (!test.ok()) return test.status();
  if (warnings != nullptr) *warnings = HollowFigures(*train, *test, options);

  if (pca_width > 0) {
    const absl::StatusOr<Pca> pca =
        Pca::Fit(*train, std::min(pca_width, train->width), options.work);
    if (!pca.ok()) return pca.status();
    if (options.reconstructs) figures.emplace_back("pca_test_mse", pca->ReconstructionError(*test));
    const auto scores = ScoreFeatures("pca_", pca->Project(*train), pca->Project(*test), options);
    if (!scores.ok()) return scores.status();
    Append(figures, *scores);
  }
  if (raw_input) {
    const auto scores = ScoreFeatures("raw_", *std::move(train), *std::move(test), options);
    if (!scores.ok()) return scores.status();
    Append(figures, *scores);
  }
  return figures;
}

}  // namespace pretext
