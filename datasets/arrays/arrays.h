// Arrays in files as a dataset: tables, other models' features, images of any numbers.
//
// Numbers become values as core/flow/array_preparation.h has it.
//
// float32, float64, float16, bfloat16, whole numbers of 8 to 64 bits and booleans; .npy or
// .safetensors. The files stay mapped: a sample's numbers are read when it is asked for, and the
// memory is the page cache's. A trained encoder takes rows of other arrays, not pictures: nothing
// says what a picture's bytes are in the file's numbers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/flow/held_out.h"
#include "core/plugin/plugin.h"
#include "datasets/arrays/array_file.h"

namespace pretext {

class Arrays;  // the config, arrays.proto

class ArraysDataset : public Dataset {
 public:
  // Looks at the files' headers. Faults: files that are none or hold no such array, numbers of
  // samples and labels that differ, test samples of another shape, a range together with
  // STANDARDIZE.
  static absl::StatusOr<std::unique_ptr<Dataset>> Create(const Arrays& config,
                                                         const BuildContext& context);

  FlowType type() const override { return type_; }
  bool labelled() const override { return labelled_; }
  int64_t classes() const override { return classes_; }
  std::optional<ArrayPreparation> array_preparation() const override { return preparation_; }
  absl::Status PrepareAs(const ArrayPreparation& preparation) override;
  DatasetExtent extent() const override;
  // InvalidArgument names the file and the row of a number that is not finite or not in the range,
  // and of a label that is no whole number from 0 to 2^24.
  absl::Status Load() override;
  int64_t size(Split split) const override;
  absl::Status Read(Split split, int64_t index, Sample& sample) const override;
  std::optional<int32_t> Label(Split split, int64_t index) const override;
  std::string Summary() const override;

  ~ArraysDataset() override;

 private:
  // The files of a split's samples.
  struct Part {
    ArrayFile samples, labels;
    std::vector<int32_t> classes;  // by row, once loaded
  };

  explicit ArraysDataset(const Arrays& config);
  void OpenPart(const std::string& samples_path, const std::string& tensor,
                const std::string& labels_path, const std::string& labels_tensor, bool test,
                Part& part, FieldChecker& check) const;
  void SetType();
  absl::Status LoadLabels(Part& part);
  // Of the rows: every value is finite and in the range.
  absl::Status CheckValues(const Part& part) const;
  // The training samples' statistics.
  void Standardize();
  void ReadValues(const Part& part, int64_t row, std::vector<float>& values) const;
  const Part& PartOf(Split split) const;
  // Of the part.
  int64_t RowOf(Split split, int64_t index) const;

  const std::unique_ptr<const Arrays> config_;
  FlowType type_;
  bool labelled_ = false;
  int64_t classes_ = 0;
  Part train_, test_;
  HeldOutSplit rows_;  // of the training file, and of the test split in it
  ArrayPreparation preparation_;
};

}  // namespace pretext
