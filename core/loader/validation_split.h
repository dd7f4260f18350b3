// A dataset whose training samples are parted in two: those that are trained on, and a validation
// split, by which a training is judged on its way and its settings are chosen, so that the test
// split is looked at once.
//
// A sample goes where its content says (its values, or its tokens): copies go together, whatever
// their order and number, and a sample stays where it is when others are added, but for the few at
// the border. Of labelled samples each class gives its share (core/flow/by_class.h), one at least
// where it has two that differ.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin/dataset.h"

namespace pretext {

class ValidationSplit : public Dataset {
 public:
  // About `fraction` of the training samples, in (0, 1), are kept for validation.
  ValidationSplit(std::unique_ptr<Dataset> dataset, double fraction)
      : dataset_(std::move(dataset)), fraction_(fraction) {}

  FlowType type() const override { return dataset_->type(); }
  bool labelled() const override { return dataset_->labelled(); }
  int64_t classes() const override { return dataset_->classes(); }
  std::vector<std::string> class_names() const override { return dataset_->class_names(); }
  std::optional<PicturePreparation> preparation() const override { return dataset_->preparation(); }
  std::optional<ArrayPreparation> array_preparation() const override {
    return dataset_->array_preparation();
  }
  absl::Status PrepareAs(const PicturePreparation& preparation) override {
    return dataset_->PrepareAs(preparation);
  }
  absl::Status PrepareAs(const ArrayPreparation& preparation) override {
    return dataset_->PrepareAs(preparation);
  }
  const Tokenizer* tokenizer() const override { return dataset_->tokenizer(); }
  double characters_per_token(Split split) const override {
    return dataset_->characters_per_token(Of(split));
  }
  // Its training samples are both of the parts.
  DatasetExtent extent() const override {
    DatasetExtent extent = dataset_->extent();
    extent.exact = false;
    return extent;
  }
  void ExpectCrops() override { dataset_->ExpectCrops(); }
  // Reads every training sample once, unless the dataset has a sum of each. An error too where
  // either part would be empty.
  absl::Status Load() override;
  int64_t size(Split split) const override;
  absl::Status Read(Split split, int64_t index, Sample& sample) const override;
  absl::Status Fetch(Split split, int64_t index, Sample& sample) const override;
  std::optional<SampleSum> Sum(Split split, int64_t index) const override;
  std::optional<int32_t> Label(Split split, int64_t index) const override;
  std::string Summary() const override;

 private:
  static Split Of(Split split) { return split == Split::kTest ? Split::kTest : Split::kTrain; }
  // In the dataset's own split.
  int64_t IndexOf(Split split, int64_t index) const;

  const std::unique_ptr<Dataset> dataset_;
  const double fraction_;
  std::vector<int64_t> train_, validation_;  // indices in the dataset's training split, rising
  std::vector<SampleSum> sums_;              // of that split's samples
};

}  // namespace pretext
