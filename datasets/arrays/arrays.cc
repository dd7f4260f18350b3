#include "datasets/arrays/arrays.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/text/counted.h"
#include "core/plugin/held_out_fields.h"
#include "datasets/arrays/arrays.pb.h"

namespace pretext {
namespace {

constexpr int64_t kMostClasses = int64_t{1} << 24;

ArrayPreparation::Kind KindOf(Arrays::Scaling scaling, bool image) {
  switch (scaling) {
    case Arrays::BYTES:
      return ArrayPreparation::Kind::kBytes;
    case Arrays::STANDARDIZE:
      return ArrayPreparation::Kind::kStandardized;
    case Arrays::AUTO:
      return image ? ArrayPreparation::Kind::kByType : ArrayPreparation::Kind::kAsTheyAre;
    case Arrays::AS_THEY_ARE:
      break;
  }
  return ArrayPreparation::Kind::kAsTheyAre;
}

}  // namespace

ArraysDataset::ArraysDataset(const Arrays& config) : config_(std::make_unique<Arrays>(config)) {}
ArraysDataset::~ArraysDataset() = default;

void ArraysDataset::OpenPart(const std::string& samples_path, const std::string& tensor,
                             const std::string& labels_path, const std::string& labels_tensor,
                             bool test, Part& part, FieldChecker& check) const {
  const char* const samples_field = test ? "test_samples" : "samples";
  const char* const labels_field = test ? "test_labels" : "labels";
  absl::StatusOr<ArrayFile> samples =
      ArrayFile::Open(samples_path, tensor, ArrayFile::Kind::kSamples);
  if (check.Nested(samples_field, samples.status())) part.samples = *std::move(samples);
  if (labels_path.empty()) return;
  absl::StatusOr<ArrayFile> labels =
      ArrayFile::Open(labels_path, labels_tensor, ArrayFile::Kind::kLabels);
  if (!check.Nested(labels_field, labels.status())) return;
  part.labels = *std::move(labels);
  if (part.samples.rows() == 0) return;
  check.That(part.labels.rows() == part.samples.rows(), labels_field,
             absl::StrCat("are ", part.labels.rows(), ", and there are ", part.samples.rows(),
                          " samples in ", part.samples.path(), ": each has one"));
}

absl::StatusOr<std::unique_ptr<Dataset>> ArraysDataset::Create(const Arrays& config,
                                                               const BuildContext& context) {
  FieldChecker check;
  std::unique_ptr<ArraysDataset> dataset(new ArraysDataset(config));
  Part &train = dataset->train_, &test = dataset->test_;
  if (check.NotEmpty("samples", config.samples())) {
    dataset->OpenPart(context.Resolve(config.samples()), config.tensor(),
                      context.Resolve(config.labels()), config.labels_tensor(), false, train,
                      check);
  }
  if (config.has_test_samples()) {
    dataset->OpenPart(
        context.Resolve(config.test_samples()),
        config.has_test_tensor() ? config.test_tensor() : config.tensor(),
        context.Resolve(config.test_labels()),
        config.has_test_labels_tensor() ? config.test_labels_tensor() : config.labels_tensor(),
        true, test, check);
    check.That(config.labels().empty() == config.test_labels().empty(), "test_labels",
               "must be given exactly when labels is: training and test samples are labelled, or "
               "neither are");
    check.That(config.held_out() == 0, "held_out",
               "keeps training samples for the test split, but there are test_samples; leave one "
               "out");
    const auto row = [](const ArrayFile& file) {
      return std::vector<int64_t>(file.shape().begin() + 1, file.shape().end());
    };
    check.That(train.samples.rows() == 0 || test.samples.rows() == 0 ||
                   row(train.samples) == row(test.samples),
               "test_samples",
               absl::StrCat("are ", test.samples.ToString(), ", the training samples ",
                            train.samples.ToString(), ": an encoder takes one shape"));
  } else {
    check.That(config.test_labels().empty(), "test_labels", "needs test_samples");
  }
  CheckHeldOut(config, train.samples.rows(), check);
  const bool standardized = config.scaling() == Arrays::STANDARDIZE;
  for (const auto& [field, given, value] : {std::tuple("low", config.has_low(), config.low()),
                                            std::tuple("high", config.has_high(), config.high())}) {
    if (!given) continue;
    check.Finite(field, value);
    check.That(!standardized, field,
               "is not known of standardized values: they depend on the samples");
    check.That(config.has_low() && config.has_high() && config.low() < config.high(), field,
               absl::StrCat("is an end of a range: low and high are given together, low below "
                            "high; they are ",
                            config.low(), " and ", config.high()));
  }
  for (const int64_t size : train.samples.shape()) {
    if (&size != &train.samples.shape()[0]) check.Extent("samples", size);
  }
  if (!check.ok()) return check.status();
  dataset->SetType();
  dataset->labelled_ = !config.labels().empty();
  return dataset;
}

void ArraysDataset::SetType() {
  const std::vector<int64_t>& shape = train_.samples.shape();
  const bool image = shape.size() == 4;
  preparation_.kind = KindOf(config_->scaling(), image);
  type_ = image ? FlowType::Image(shape[1], shape[2], shape[3]) : FlowType::Vector(shape[1]);
  if (config_->scaling() == Arrays::STANDARDIZE) {
    if (image) type_ = type_.WithRange(ValueRange());
  } else if (config_->has_low()) {
    type_ = type_.WithRange(ValueRange{config_->low(), config_->high()});
  } else if (image) {
    type_ = type_.WithRange(kUnitRange);
  }
}

DatasetExtent ArraysDataset::extent() const {
  const int64_t all = train_.samples.rows();
  const int64_t kept = test_.samples.rows() == 0 ? HeldOutCount(all, config_->held_out()) : 0;
  // The samples' pages are the system's to give and to take.
  return {.train = all - kept,
          .test = test_.samples.rows() + kept,
          .exact = kept == 0,
          .bytes = static_cast<double>((all + test_.samples.rows()) *
                                       static_cast<int64_t>(sizeof(int64_t) + sizeof(int32_t)))};
}

absl::Status ArraysDataset::LoadLabels(Part& part) {
  if (!labelled_) return absl::OkStatus();
  part.classes.resize(static_cast<size_t>(part.samples.rows()));
  for (int64_t row = 0; row < part.samples.rows(); ++row) {
    const std::optional<int64_t> label = part.labels.WholeNumber(row);
    if (!label || *label < 0 || *label >= kMostClasses) {
      return absl::InvalidArgumentError(
          absl::StrCat(part.labels.path(), ": the label of row ", row, " is ",
                       label ? absl::StrCat(*label) : "not a whole number",
                       "; labels are whole numbers from 0 on, below ", kMostClasses));
    }
    part.classes[static_cast<size_t>(row)] = static_cast<int32_t>(*label);
    classes_ = std::max(classes_, *label + 1);
  }
  return absl::OkStatus();
}

absl::Status ArraysDataset::CheckValues(const Part& part) const {
  const bool bounded = type_.range && (std::isfinite(type_.range->low));
  // float32 rounds what the file and the config say in double.
  const auto low = bounded ? static_cast<float>(type_.range->low) : 0.0f,
             high = bounded ? static_cast<float>(type_.range->high) : 0.0f;
  const bool plain = preparation_.kind == ArrayPreparation::Kind::kAsTheyAre;
  if (!IsFloating(part.samples.type()) && !bounded && plain) return absl::OkStatus();
  const int64_t rows = part.samples.rows();
  int64_t first = rows;  // that is at fault
#pragma omp parallel for schedule(static) reduction(min : first)
  for (int64_t row = 0; row < rows; ++row) {
    std::vector<float> values;
    ReadValues(part, row, values);
    const bool good = std::all_of(values.begin(), values.end(), [&](float value) {
      return std::isfinite(value) && (!bounded || (value >= low && value <= high));
    });
    if (!good) first = std::min(first, row);
  }
  if (first == rows) return absl::OkStatus();
  std::vector<float> values;
  ReadValues(part, first, values);
  const auto at = std::find_if(values.begin(), values.end(), [&](float value) {
    return !std::isfinite(value) || (bounded && !(value >= low && value <= high));
  });
  std::vector<double> numbers;
  part.samples.Read(first, numbers);
  const double number = numbers[static_cast<size_t>(at - values.begin())];
  if (!std::isfinite(*at) && std::isfinite(number)) {
    return absl::InvalidArgumentError(absl::StrCat(
        part.samples.path(), ": row ", first, " has ", number, " at number ", at - values.begin(),
        ", beyond what float32 can hold; scale the numbers, or leave such rows out"));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      part.samples.path(), ": row ", first, " has ", *at, " at number ", at - values.begin(),
      std::isfinite(*at)
          ? absl::StrCat(", outside of ", type_.range->ToString(),
                         "; say what values can be by low and high, or take another scaling")
          : "; every number has to be finite: leave such rows out, or put numbers in their place"));
}

absl::Status ArraysDataset::PrepareAs(const ArrayPreparation& preparation) {
  using Kind = ArrayPreparation::Kind;
  const NumberType type = train_.samples.type();
  const bool standardized = preparation.kind == Kind::kStandardized;
  if ((preparation_.kind == Kind::kStandardized) != standardized) {
    return absl::InvalidArgumentError(
        standardized ? "scaling: the encoder was trained on standardized samples; say scaling: "
                       "STANDARDIZE, by the training's means and deviations"
                     : "scaling: STANDARDIZE is not what the encoder was trained on: its samples "
                       "were not standardized");
  }
  if (preparation_.Divides(type) != preparation.Divides(type)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "scaling: ", Arrays::Scaling_Name(config_->scaling()), " takes ", train_.samples.path(),
        ", ", train_.samples.ToString(), ", ", preparation_.Divides(type) ? "over 255" : "as it is",
        ", and the encoder was trained on numbers ",
        preparation.Divides(type) ? "over 255" : "as they are"));
  }
  preparation_ = preparation;
  return absl::OkStatus();
}

// Statistics of each feature or channel, row by row: the same whatever the threads.
void ArraysDataset::Standardize() {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const bool image = type_.is(FlowType::Kind::kImage);
  const auto size = static_cast<size_t>(image ? type_.channels : type_.features);
  const int64_t plane = image ? type_.height * type_.width : 1;
  std::vector<double> mean(size), square(size), least(size, kInfinity), most(size, -kInfinity);
  std::vector<double> numbers;
  const double count = static_cast<double>(rows_.train.size()) * static_cast<double>(plane);
  const auto for_each_number = [&](const auto& visit) {
    for (const int64_t row : rows_.train) {
      train_.samples.Read(row, numbers);
      const double* number = numbers.data();
      for (size_t c = 0; c < size; ++c) {
        for (int64_t i = 0; i < plane; ++i) visit(c, *number++);
      }
    }
  };
  for_each_number([&](size_t c, double number) {
    mean[c] += number / count;
    least[c] = std::min(least[c], number);
    most[c] = std::max(most[c], number);
  });
  for_each_number([&](size_t c, double number) {
    square[c] += (number - mean[c]) * (number - mean[c]) / count;
  });
  for (size_t c = 0; c < size; ++c) {
    // What is rounded of a constant's mean is no deviation.
    const double factor = least[c] < most[c] ? 1 / std::sqrt(square[c]) : kInfinity;
    const bool varies = std::isfinite(factor);
    preparation_.factor.push_back(varies ? factor : 1.0);
    preparation_.center.push_back(varies ? mean[c] : least[c]);
  }
}

void ArraysDataset::ReadValues(const Part& part, int64_t row, std::vector<float>& values) const {
  std::vector<double> numbers;
  part.samples.Read(row, numbers);
  values.resize(numbers.size());
  preparation_.Apply(part.samples.type(), numbers, values.data());
}

absl::Status ArraysDataset::Load() {
  classes_ = 0;
  for (Part* part : {&train_, &test_}) {
    if (part->samples.rows() == 0) continue;
    if (absl::Status status = LoadLabels(*part); !status.ok()) return status;
  }
  rows_ = HoldOut(train_.samples.rows(), test_.samples.rows() > 0 ? 0 : config_->held_out(),
                  config_->held_out_seed(), train_.classes);
  if (preparation_.kind == ArrayPreparation::Kind::kStandardized && preparation_.factor.empty())
    Standardize();
  for (const Part* part : {&train_, &test_}) {
    if (absl::Status status = CheckValues(*part); !status.ok()) return status;
  }
  return absl::OkStatus();
}

const ArraysDataset::Part& ArraysDataset::PartOf(Split split) const {
  return split != Split::kTrain && test_.samples.rows() > 0 ? test_ : train_;
}

int64_t ArraysDataset::size(Split split) const {
  if (split == Split::kTrain) return static_cast<int64_t>(rows_.train.size());
  return test_.samples.rows() > 0 ? test_.samples.rows() : static_cast<int64_t>(rows_.test.size());
}

int64_t ArraysDataset::RowOf(Split split, int64_t index) const {
  if (&PartOf(split) == &test_) return index;
  return (split == Split::kTrain ? rows_.train : rows_.test)[static_cast<size_t>(index)];
}

std::optional<int32_t> ArraysDataset::Label(Split split, int64_t index) const {
  if (!labelled_) return std::nullopt;
  return PartOf(split).classes[static_cast<size_t>(RowOf(split, index))];
}

absl::Status ArraysDataset::Read(Split split, int64_t index, Sample& sample) const {
  const Part& part = PartOf(split);
  const int64_t row = RowOf(split, index);
  sample.index = index;
  sample.type = type_;
  sample.label = labelled_ ? part.classes[static_cast<size_t>(row)] : -1;
  ReadValues(part, row, sample.values);
  return absl::OkStatus();
}

std::string ArraysDataset::Summary() const {
  return absl::StrCat(Counted(size(Split::kTrain)), " + ", Counted(size(Split::kTest)),
                      " samples, ", type_.ToString(), ", from ", train_.samples.ToString(),
                      labelled_ ? absl::StrCat(", ", classes_, " classes") : ", no labels",
                      config_->scaling() == Arrays::STANDARDIZE ? ", standardized" : "");
}

PRETEXT_REGISTER_DATASET(ArraysDataset, Arrays);

}  // namespace pretext
