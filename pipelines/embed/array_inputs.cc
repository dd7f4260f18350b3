#include "pipelines/embed/array_inputs.h"

#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "datasets/arrays/array_file.h"
#include "pipelines/encoder/preparation_text.h"

namespace pretext {
namespace {

// Rows whose values are not finite, or not what they can be, are left out and named.
class ArrayRows : public Input {
 public:
  ArrayRows(ArrayFile samples, ArrayFile labels, const TrainedEncoder& trained, int64_t block)
      : samples_(std::move(samples)),
        labels_(std::move(labels)),
        type_(trained.sample),
        preparation_(ArraysFromMessage(trained.file.arrays())),
        block_(block) {
    // Names are of the classes of the training's labels.
    const auto& names = trained.file.class_name();
    if (labelled()) classes_.assign(names.begin(), names.end());
  }

  std::vector<std::string> classes() const override { return classes_; }
  bool labelled() const override { return labels_.rows() > 0; }
  double share() const override {
    return static_cast<double>(next_) / static_cast<double>(samples_.rows());
  }

  absl::Status Next(InputBlock& block) override {
    block = {};
    for (; next_ < samples_.rows() && static_cast<int64_t>(block.size()) < block_; ++next_) {
      const std::string name = absl::StrCat(samples_.path(), "#", next_);
      Sample sample = SampleOf(next_);
      if (const std::string fault = Fault(sample); !fault.empty()) {
        block.faults.push_back(absl::StrCat(name, ": ", fault));
        continue;
      }
      if (labelled()) {
        const std::optional<int64_t> label = labels_.WholeNumber(next_);
        if (!label || *label < 0 || *label > INT32_MAX) {
          return absl::InvalidArgumentError(absl::StrCat(
              labels_.path(), ": the label of row ", next_, " is not a whole number from 0 on"));
        }
        block.labels.push_back(static_cast<int32_t>(*label));
      }
      block.names.push_back(name);
      block.samples.push_back(std::move(sample));
    }
    return absl::OkStatus();
  }

 private:
  Sample SampleOf(int64_t row) const {
    Sample sample;
    sample.type = type_;
    sample.values.resize(static_cast<size_t>(type_.size()));
    std::vector<double> numbers;
    samples_.Read(row, numbers);
    preparation_.Apply(samples_.type(), numbers, sample.values.data());
    return sample;
  }
  // What is wrong with a row's values, or nothing.
  std::string Fault(const Sample& sample) const {
    for (const float value : sample.values) {
      if (!std::isfinite(value)) return "a number of it is not finite";
      if (type_.range && !(value >= static_cast<float>(type_.range->low) &&
                           value <= static_cast<float>(type_.range->high))) {
        return absl::StrCat("a number of it becomes ", value, ", and the encoder was trained on ",
                            type_.range->ToString());
      }
    }
    return "";
  }

  const ArrayFile samples_, labels_;
  const FlowType type_;
  const ArrayPreparation preparation_;
  const int64_t block_;
  std::vector<std::string> classes_;
  int64_t next_ = 0;
};

std::vector<int64_t> RowShape(const FlowType& type) {
  if (type.is(FlowType::Kind::kVector)) return {type.features};
  return {type.channels, type.height, type.width};
}

}  // namespace

bool IsArrayPath(const std::string& path) {
  return absl::EndsWith(path, ".npy") || absl::EndsWith(path, ".safetensors");
}

absl::StatusOr<std::unique_ptr<Input>> OpenArrays(const InputOptions& options,
                                                  const TrainedEncoder& trained) {
  const std::string& path = options.input;
  const EncoderFile::Arrays& arrays = trained.file.arrays();
  if (!trained.file.has_arrays()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is a file of arrays, and ", trained.path,
                     " was not trained on arrays but on ", trained.sample.ToString()));
  }
  const std::vector<int64_t> wanted = RowShape(trained.sample);
  const ArrayPreparation preparation = ArraysFromMessage(arrays);
  const size_t channels = static_cast<size_t>(wanted[0]);
  if (preparation.kind == ArrayPreparation::Kind::kStandardized &&
      (preparation.center.size() != channels || preparation.factor.size() != channels)) {
    return absl::InvalidArgumentError(
        absl::StrCat(trained.path, ": its arrays { … } does not fit its sample { … }"));
  }
  absl::StatusOr<ArrayFile> samples = ArrayFile::Open(path, "", ArrayFile::Kind::kSamples);
  if (!samples.ok()) return samples.status();
  const std::vector<int64_t> row(samples->shape().begin() + 1, samples->shape().end());
  if (row != wanted) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is ", samples->ToString(),
                                                   ", and this encoder was trained on ",
                                                   trained.sample.ToString(), " a row"));
  }
  ArrayFile labels;
  if (!options.labels.empty()) {
    absl::StatusOr<ArrayFile> read = ArrayFile::Open(options.labels, "", ArrayFile::Kind::kLabels);
    if (!read.ok()) return read.status();
    labels = *std::move(read);
    if (labels.rows() != samples->rows()) {
      return absl::InvalidArgumentError(absl::StrCat(options.labels, ": has ", labels.rows(),
                                                     " labels for the ", samples->rows(),
                                                     " rows of ", path, ": each has one"));
    }
  }
  return std::make_unique<ArrayRows>(*std::move(samples), std::move(labels), trained,
                                     options.block);
}

}  // namespace pretext
