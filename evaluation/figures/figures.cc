#include "evaluation/figures/figures.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/text/nearest.h"
#include "evaluation/representation/representation.h"

namespace pretext {
namespace {

enum class Kind : uint8_t { kReconstruction, kLoss, kAgreement, kKnn, kProbe, kLanguage };

struct Figure {
  absl::string_view name;
  Kind kind;
  bool higher_is_better;
  bool names_test;  // "test_" is part of the name on the test split
  absl::string_view meaning;
};

constexpr std::array<Figure, 10> kFigures = {{
    {"mse", Kind::kReconstruction, false, true, "mean squared error of a value given back"},
    {"loss", Kind::kLoss, false, true, "the loss of batches and views as in training"},
    {"alignment", Kind::kAgreement, false, true,
     "squared distance of two views of a text, on the unit sphere"},
    {"uniformity", Kind::kAgreement, false, true,
     "how unevenly texts are spread over the unit sphere, a logarithm"},
    {"knn", Kind::kKnn, true, false, "accuracy of nearest neighbours, percent"},
    {"probe", Kind::kProbe, true, false, "accuracy of a linear classifier, percent"},
    {"masked_loss", Kind::kLanguage, false, false, "nats a masked token"},
    {"masked_perplexity", Kind::kLanguage, false, false, "exp of the nats a masked token"},
    {"masked_bits_per_character", Kind::kLanguage, false, false, "bits a character of the text"},
    {"masked_accuracy", Kind::kLanguage, true, false, "masked tokens that are found, percent"},
}};

struct Row {
  absl::string_view prefix, title, meaning;
};
constexpr std::array<Row, kFigureRows> kRows = {{
    {"", "h", "of the test split"},
    {"validation_", "validation", "of the validation split"},
    {"raw_", "raw input", "of the samples' own values, a baseline"},
    {"pca_", "PCA", "of as many principal components as h has features, a baseline"},
    {"untrained_", "untrained h", "of the encoder before training, a baseline"},
    {"unigram_", "unigram", "of the frequencies of tokens, a baseline"},
    {"bigram_", "bigram", "of the frequencies of pairs of tokens, a baseline"},
}};

constexpr int kValidationRow = 1;  // baselines are below it

// "knn_k10", as KnnName makes it.
bool IsFurtherVote(absl::string_view name) {
  return absl::ConsumePrefix(&name, "knn_k") && !name.empty() && absl::ascii_isdigit(name[0]);
}

// Null: there is none of this name, which has no split in it.
const Figure* FindFigure(absl::string_view name) {
  const auto found = std::find_if(kFigures.begin(), kFigures.end(), [&](const Figure& figure) {
    return name == figure.name || (figure.kind == Kind::kKnn && IsFurtherVote(name));
  });
  return found == kFigures.end() ? nullptr : &*found;
}

bool IsMeasured(const Figure& figure, const EvaluationFacts& facts) {
  switch (figure.kind) {
    case Kind::kReconstruction:
      return facts.reconstructs && !facts.language;
    case Kind::kLoss:
      return facts.loss && !facts.language;
    case Kind::kAgreement:
      return facts.agreement;
    case Kind::kKnn:
      return facts.classified;
    case Kind::kProbe:
      return facts.classified && facts.probe;
    case Kind::kLanguage:
      return facts.language;
  }
  return false;
}

// Names without a split.
std::vector<std::string> Measured(const EvaluationFacts& facts) {
  std::vector<std::string> names;
  for (const Figure& figure : kFigures) {
    if (!IsMeasured(figure, facts)) continue;
    if (figure.kind != Kind::kKnn) {
      names.emplace_back(figure.name);
    } else {
      for (size_t i = 0; i < facts.knn.size(); ++i) names.push_back(KnnName(facts.knn, i));
    }
  }
  return names;
}

// The first way to vote may be called by its numbers too.
std::string WithoutAlias(absl::string_view name, const EvaluationFacts& facts) {
  if (facts.knn.empty()) return std::string(name);
  return name == KnnName({KnnVote(), facts.knn[0]}, 1) ? "knn" : std::string(name);
}

absl::string_view WithoutSplit(absl::string_view name) {
  const absl::string_view figure = PlaceOfFigure(name).column;
  return PlaceOfFigure(name).row <= kValidationRow && FindFigure(figure) != nullptr ? figure : "";
}

// Why a pipeline does not give what others do.
std::string WhyNot(absl::string_view asked, const EvaluationFacts& facts) {
  const FigurePlace place = PlaceOfFigure(asked);
  const Figure* const figure = FindFigure(place.column);
  if (figure == nullptr) return "";
  if (place.row > 1) return " (it is a baseline's, and stays as it is)";
  if (!IsMeasured(*figure, facts)) {
    switch (figure->kind) {
      case Kind::kReconstruction:
        return " (no samples are given back)";
      case Kind::kLoss:
        return facts.language ? "" : " (evaluate.max_test_samples are too few for it)";
      case Kind::kAgreement:
        return " (it is of texts in two views, as vectors)";
      case Kind::kKnn:
      case Kind::kProbe:
        if (facts.classified) return " (it is fitted at the end alone: probe.every_evaluation)";
        return facts.language ? "" : " (h is not classified: that takes labels, and classify)";
      case Kind::kLanguage:
        return " (it is of masked language models)";
    }
  }
  if (place.row == 1 && !facts.validated) {
    return " (evaluate.validation keeps no samples for validation)";
  }
  return "";
}

}  // namespace

std::string FigureName(absl::string_view figure, Split split) {
  if (split == Split::kValidation) return absl::StrCat("validation_", figure);
  const Figure* const found = FindFigure(figure);
  return absl::StrCat(found != nullptr && found->names_test ? "test_" : "", figure);
}

std::vector<std::string> FiguresOf(const EvaluationFacts& facts) {
  std::vector<std::string> names = Measured(facts);
  for (std::string& name : names) {
    name = FigureName(name, facts.validated ? Split::kValidation : Split::kTest);
  }
  return names;
}

absl::StatusOr<std::string> FigureToChooseBy(absl::string_view asked,
                                             const EvaluationFacts& facts) {
  const std::vector<std::string> known = FiguresOf(facts);
  const Split split = facts.validated ? Split::kValidation : Split::kTest;
  const bool other_split = PlaceOfFigure(asked).row == 1 && !facts.validated;
  const std::string figure = WithoutAlias(WithoutSplit(asked), facts);
  std::string name = FigureName(figure, split);
  if (!other_split && std::find(known.begin(), known.end(), name) != known.end()) return name;
  return absl::InvalidArgumentError(
      absl::StrCat("names no figure that this pipeline measures on its way: ", asked,
                   WhyNot(asked, facts), NearestAndKnown(asked, known, "It measures")));
}

absl::Status CheckFigure(absl::string_view asked) {
  if (!WithoutSplit(asked).empty()) return absl::OkStatus();
  std::vector<std::string> known;
  for (const Figure& figure : kFigures) {
    known.push_back(FigureName(figure.name, Split::kTest));
    known.push_back(FigureName(figure.name, Split::kValidation));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("is no figure of an evaluation: ", asked,
                   NearestAndKnown(asked, known, "There are: knn_kN, and")));
}

bool HigherIsBetter(absl::string_view name) {
  const Figure* const figure = FindFigure(PlaceOfFigure(name).column);
  return figure != nullptr && figure->higher_is_better;
}

std::string DescribeFigure(absl::string_view name) {
  const FigurePlace place = PlaceOfFigure(name);
  const Figure* const figure = FindFigure(place.column);
  if (figure == nullptr) return "";
  return absl::StrCat(figure->meaning, "; ", kRows[static_cast<size_t>(place.row)].meaning, "; ",
                      figure->higher_is_better ? "higher" : "lower", " is better");
}

FigurePlace PlaceOfFigure(absl::string_view name) {
  FigurePlace place{.row = 0, .column = name};
  for (int row = 1; row < kFigureRows; ++row) {
    if (!absl::ConsumePrefix(&place.column, kRows[static_cast<size_t>(row)].prefix)) continue;
    place.row = row;
    break;
  }
  absl::string_view figure = place.column;
  if (place.row != kValidationRow && absl::ConsumePrefix(&figure, "test_")) {
    const Figure* const found = FindFigure(figure);
    if (found != nullptr && found->names_test) place.column = figure;
  }
  return place;
}

bool OfValidation(absl::string_view name) { return PlaceOfFigure(name).row == kValidationRow; }
bool OfBaseline(absl::string_view name) { return PlaceOfFigure(name).row > kValidationRow; }

absl::string_view FigureRowTitle(int row, bool language) {
  // A masked language model is judged by its predictions, the others by h.
  return row == 0 && language ? "model" : kRows[static_cast<size_t>(row)].title;
}

}  // namespace pretext
