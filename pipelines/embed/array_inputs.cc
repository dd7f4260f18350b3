#include "pipelines/embed/array_inputs.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "datasets/arrays/array_file.h"
#include "pipelines/embed/array_samples.h"

namespace pretext {
namespace {

// Rows whose values are not finite, or not what they can be, are left out and named.
class ArrayRows : public Input {
 public:
  ArrayRows(ArrayFile samples, ArrayFile labels, ArraySamples make, const TrainedEncoder& trained,
            int64_t block)
      : samples_(std::move(samples)),
        labels_(std::move(labels)),
        make_(std::move(make)),
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
      Sample sample;
      samples_.Read(next_, numbers_);
      if (absl::Status s = make_.Make(samples_.type(), numbers_, sample); !s.ok()) {
        block.faults.push_back(absl::StrCat(name, ": ", s.message()));
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
  const ArrayFile samples_, labels_;
  const ArraySamples make_;
  const int64_t block_;
  std::vector<std::string> classes_;
  std::vector<double> numbers_;  // of a row
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
  absl::StatusOr<ArraySamples> make = ArraySamples::Create(trained);
  if (!make.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is a file of arrays; ", make.status().message()));
  }
  const std::vector<int64_t> wanted = RowShape(trained.sample);
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
  return std::make_unique<ArrayRows>(*std::move(samples), std::move(labels), *std::move(make),
                                     trained, options.block);
}

}  // namespace pretext
