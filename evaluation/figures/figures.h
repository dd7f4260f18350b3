// The figures of evaluations by name: which there are, when, and which way is better. Checkpoints
// are chosen by them, faults, tables and TensorBoard speak of them.
//
//   figure                        of the test split   of a validation split   better   measured
//   mse                           test_mse            validation_mse          lower    decoders
//   loss                          test_loss           validation_loss         lower    all but MLM
//   knn, knn_k10, knn_k20_t0.5    knn …               validation_knn …        higher   with labels
//   probe                         probe               validation_probe        higher   with labels
//   alignment                     test_alignment      validation_alignment    lower    text, views
//   uniformity                    test_uniformity     validation_uniformity   lower    text, views
//   masked_loss                   masked_loss         validation_masked_loss  lower    MLM
//   masked_perplexity             …                   …                       lower    MLM
//   masked_bits_per_character     …                   …                       lower    MLM
//   masked_accuracy               …                   …                       higher   MLM
//
// MLM: masked language models. Text, views: vectors of texts in two views or more, and no MLM.
// Baselines have the names of the test split behind raw_, pca_,
// untrained_, unigram_, bigram_.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/plugin/dataset.h"
#include "evaluation/knn/knn.h"

namespace pretext {

// What of a pipeline decides which figures it has.
struct EvaluationFacts {
  bool language = false;      // tokens are predicted
  bool reconstructs = false;  // samples are given back
  bool loss = true;           // samples enough for it are measured
  bool agreement = false;     // views of texts are compared
  bool classified = false;    // h is classified: by k-NN, in these ways, and by a probe
  bool probe = true;          // which is fitted on the way, not at the end alone
  std::vector<KnnVote> knn;
  bool validated = false;  // there is a validation split, which the run is judged by
};

// The name of a figure of a split: "mse", Split::kTest -> "test_mse".
std::string FigureName(absl::string_view figure, Split split);

// The names of the figures by which such a pipeline can be judged, in the table's order.
std::vector<std::string> FiguresOf(const EvaluationFacts& facts);

// The name, among FiguresOf, of the one that checkpoints are to be chosen by. A figure may be asked
// for without its split ("loss"), or by its name on the test split where there is a validation
// split, which is then meant. InvalidArgument with the nearest match and those that there are.
absl::StatusOr<std::string> FigureToChooseBy(absl::string_view asked, const EvaluationFacts& facts);

// A fault unless any pipeline could be judged by a figure of this name.
absl::Status CheckFigure(absl::string_view asked);

// Of a name that evaluations give, baselines' too: whether of two values the higher is the better.
bool HigherIsBetter(absl::string_view name);

// What a name that evaluations give means, in words; "" of any other.
std::string DescribeFigure(absl::string_view name);

// Where a name stands in a table of a line a row (h, its validation split, baselines) and a column
// a figure. Rows are numbered from 0 as they stand below one another.
struct FigurePlace {
  int row = 0;
  absl::string_view column;  // "mse", "knn_k10"; part of the name
};
FigurePlace PlaceOfFigure(absl::string_view name);
bool OfValidation(absl::string_view name);
bool OfBaseline(absl::string_view name);
// What a reader is told a row is. With `language`: of a masked language model.
constexpr int kFigureRows = 7;
absl::string_view FigureRowTitle(int row, bool language);

}  // namespace pretext
