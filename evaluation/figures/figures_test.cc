#include "evaluation/figures/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pretext {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const EvaluationFacts kAutoencoder = {
    .reconstructs = true,
    .classified = true,
    .knn = {{.neighbors = 200, .temperature = 0.1}, {.neighbors = 10, .temperature = 0}}};
const EvaluationFacts kUnlabelled = {.knn = kAutoencoder.knn};
const EvaluationFacts kLanguage = {.language = true, .knn = kAutoencoder.knn};

EvaluationFacts Validated(EvaluationFacts facts) {
  facts.validated = true;
  return facts;
}

std::string Chosen(absl::string_view asked, const EvaluationFacts& facts) {
  const absl::StatusOr<std::string> name = FigureToChooseBy(asked, facts);
  return name.ok() ? *name : std::string(name.status().message());
}

TEST(FiguresTest, EachPipelineHasItsOwn) {
  EXPECT_THAT(FiguresOf(kAutoencoder),
              ElementsAre("test_mse", "test_loss", "knn", "knn_k10", "probe"));
  EXPECT_THAT(FiguresOf(Validated(kAutoencoder)),
              ElementsAre("validation_mse", "validation_loss", "validation_knn",
                          "validation_knn_k10", "validation_probe"));
  EXPECT_THAT(FiguresOf(kUnlabelled), ElementsAre("test_loss"));
  EvaluationFacts at_the_end = kAutoencoder;
  at_the_end.probe = false;
  EXPECT_THAT(FiguresOf(at_the_end), ElementsAre("test_mse", "test_loss", "knn", "knn_k10"));
  EXPECT_THAT(Chosen("probe", at_the_end), HasSubstr("fitted at the end alone"));
  EXPECT_THAT(FiguresOf({.agreement = true}),
              ElementsAre("test_loss", "test_alignment", "test_uniformity"));
  EXPECT_THAT(FiguresOf(Validated(kLanguage)),
              ElementsAre("validation_masked_loss", "validation_masked_perplexity",
                          "validation_masked_bits_per_character", "validation_masked_accuracy"));
}

TEST(FiguresTest, AFigureIsChosenByWithAndWithoutItsSplit) {
  for (const std::string& name : FiguresOf(kAutoencoder)) {
    EXPECT_EQ(Chosen(name, kAutoencoder), name);
    EXPECT_EQ(Chosen(name, Validated(kAutoencoder)),
              FigureName(PlaceOfFigure(name).column, Split::kValidation));
  }
  for (const std::string& name : FiguresOf(Validated(kLanguage))) {
    EXPECT_EQ(Chosen(name, Validated(kLanguage)), name);
    EXPECT_EQ(Chosen(PlaceOfFigure(name).column, kLanguage), PlaceOfFigure(name).column);
  }
  EXPECT_EQ(Chosen("mse", kAutoencoder), "test_mse");
  EXPECT_EQ(Chosen("loss", Validated(kUnlabelled)), "validation_loss");
  EXPECT_EQ(Chosen("knn_k200_t0.1", kAutoencoder), "knn") << "the first has a short name";
}

TEST(FiguresTest, WhatIsNotMeasuredIsNamedWithTheNearestAndTheReason) {
  EXPECT_THAT(Chosen("validation_loss", kAutoencoder),
              AllOf(HasSubstr("validation_loss"), HasSubstr("evaluate.validation keeps no samples"),
                    HasSubstr("It measures: test_mse, test_loss, knn, knn_k10, probe")));
  EXPECT_THAT(Chosen("alignment", kAutoencoder), HasSubstr("it is of texts in two views"));
  EXPECT_EQ(Chosen("alignment", Validated({.agreement = true})), "validation_alignment");
  EXPECT_THAT(Chosen("test_los", kAutoencoder), HasSubstr("did you mean test_loss?"));
  EXPECT_THAT(Chosen("knn_k20", kAutoencoder), HasSubstr("did you mean knn_k10?"));
  EXPECT_THAT(Chosen("raw_probe", kAutoencoder), HasSubstr("a baseline's"));
  EXPECT_THAT(Chosen("probe", kUnlabelled), HasSubstr("that takes labels"));
  EXPECT_THAT(Chosen("mse", kUnlabelled), HasSubstr("no samples are given back"));
  EXPECT_THAT(Chosen("masked_loss", kUnlabelled), HasSubstr("masked language models"));
  EXPECT_THAT(Chosen("test_loss", kLanguage), HasSubstr("It measures: masked_loss, "));
  EvaluationFacts few = kAutoencoder;
  few.loss = false;
  EXPECT_THAT(Chosen("loss", few), HasSubstr("max_test_samples are too few"));
  EXPECT_TRUE(CheckFigure("validation_masked_loss").ok());
  EXPECT_TRUE(CheckFigure("knn_k7").ok());
  EXPECT_THAT(CheckFigure("prob").message(), HasSubstr("did you mean probe?"));
  EXPECT_FALSE(CheckFigure("test_probe").ok());
  EXPECT_FALSE(CheckFigure("untrained_probe").ok());
}

TEST(FiguresTest, ErrorsAndLossesAreBetterLower) {
  for (const char* const lower : {"test_mse", "pca_test_mse", "validation_mse", "validation_loss",
                                  "bigram_masked_perplexity", "masked_bits_per_character"}) {
    EXPECT_FALSE(HigherIsBetter(lower)) << lower;
    EXPECT_THAT(DescribeFigure(lower), HasSubstr("lower is better"));
  }
  for (const char* const higher :
       {"knn", "validation_knn_k10", "untrained_probe", "masked_accuracy"}) {
    EXPECT_TRUE(HigherIsBetter(higher)) << higher;
    EXPECT_THAT(DescribeFigure(higher), HasSubstr("higher is better"));
  }
  EXPECT_EQ(DescribeFigure("learning_rate"), "");
}

TEST(FiguresTest, PlacesInATable) {
  const auto place = [](absl::string_view name) {
    const FigurePlace found = PlaceOfFigure(name);
    return std::string(FigureRowTitle(found.row, false)) + "/" + std::string(found.column);
  };
  EXPECT_EQ(place("test_mse"), "h/mse");
  EXPECT_EQ(place("pca_test_mse"), "PCA/mse");
  EXPECT_EQ(place("validation_mse"), "validation/mse");
  EXPECT_EQ(place("untrained_knn_k10"), "untrained h/knn_k10");
  EXPECT_EQ(place("bigram_masked_loss"), "bigram/masked_loss");
  EXPECT_EQ(FigureRowTitle(0, true), "model");
}

}  // namespace
}  // namespace pretext
