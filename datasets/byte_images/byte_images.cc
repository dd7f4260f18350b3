#include "datasets/byte_images/byte_images.h"

#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/text/counted.h"
#include "core/flow/content_sum.h"
#include "core/flow/held_out.h"
#include "datasets/image_scaling/image_scaling.pb.h"

namespace pretext {
namespace {

template <typename T>
void Append(std::vector<T> part, std::vector<T>& all) {
  all.insert(all.end(), part.begin(), part.end());
}

std::string Numbers(const std::vector<double>& numbers) {
  std::string text;
  for (const double x : numbers) absl::StrAppendFormat(&text, " %.4f", x);
  return text;
}

}  // namespace

DatasetExtent ByteImages::Extent(const FlowType& type, int64_t train, int64_t test,
                                 double held_out) {
  const int64_t kept = test == 0 ? HeldOutCount(train, held_out) : 0;
  const auto a_picture = static_cast<double>(type.size() + static_cast<int64_t>(sizeof(int32_t)));
  return {.train = train - kept,
          .test = test + kept,
          .exact = kept == 0,
          .bytes = static_cast<double>(train + test) * a_picture};
}

void ByteImages::Set(const FlowType& type, Part train, Part test, double held_out,
                     uint64_t held_out_seed, const ImageScaling& scaling) {
  type_ = type;
  const int64_t size = type.size();
  const int64_t train_count = static_cast<int64_t>(train.pixels.size()) / size;
  const int64_t test_count = static_cast<int64_t>(test.pixels.size()) / size;
  HeldOutSplit split =
      HoldOut(train_count, test_count > 0 ? 0 : held_out, held_out_seed, train.labels);
  rows_[0] = std::move(split.train);
  statistics_ = ComputePixelStatistics(train.pixels.data(), rows_[0], type.channels,
                                       type.height * type.width);
  scale_ = given_ ? *given_ : MakePixelScale(scaling, statistics_);
  rows_[1] = std::move(split.test);
  if (test_count > 0) {
    rows_[1].resize(static_cast<size_t>(test_count));
    std::iota(rows_[1].begin(), rows_[1].end(), train_count);
  }
  images_ = std::move(train);
  Append(std::move(test.pixels), images_.pixels);
  Append(std::move(test.labels), images_.labels);
}

absl::Status ByteImages::PrepareAs(const ImageScaling& scaling,
                                   const PicturePreparation& preparation) {
  return ScaleAs(scaling, preparation, given_);
}

void ByteImages::Read(Split split, int64_t index, Sample& sample) const {
  const int64_t row = Row(split, index);
  sample.index = index;
  sample.type = type_;
  sample.label = LabelOf(row);
  sample.values.resize(static_cast<size_t>(type_.size()));
  ScalePixels(scale_, images_.pixels.data() + row * type_.size(), type_.height * type_.width,
              sample.values.data());
}

std::optional<PicturePreparation> PreparationOf(const FlowType& type, const ImageScaling& scaling,
                                                PixelStatistics statistics) {
  if (statistics.mean.empty()) {
    if (scaling.standardize()) return std::nullopt;
    statistics.mean.assign(static_cast<size_t>(type.channels), 0);
    statistics.deviation = statistics.mean;
  }
  PicturePreparation preparation;
  preparation.channels = type.channels;
  preparation.height = type.height;
  preparation.width = type.width;
  PixelScale scale = MakePixelScale(scaling, statistics);
  preparation.factor = std::move(scale.factor);
  preparation.offset = std::move(scale.offset);
  preparation.standardized = scaling.standardize();
  return preparation;
}

SampleSum ByteImages::Sum(Split split, int64_t index) const {
  const int64_t row = Row(split, index);
  const auto size = static_cast<size_t>(type_.size());
  return {.content = AddToSum(0, images_.pixels.data() + row * type_.size(), size),
          .label = LabelOf(row)};
}

std::string ImagesSummary(int64_t train, int64_t test, const FlowType& type, int64_t classes,
                          const PixelStatistics& statistics) {
  return absl::StrCat(
      Counted(train), " + ", Counted(test), " images ", type.channels, "×", type.height, "×",
      type.width, classes > 0 ? absl::StrCat(", ", classes, " classes") : ", no labels",
      ", pixel mean", Numbers(statistics.mean), ", deviation", Numbers(statistics.deviation));
}

}  // namespace pretext
