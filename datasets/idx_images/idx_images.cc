#include "datasets/idx_images/idx_images.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/text/counted.h"
#include "datasets/idx_images/idx_images.pb.h"

namespace pretext {

IdxImagesDataset::IdxImagesDataset(const IdxImages& config)
    : config_(std::make_unique<IdxImages>(config)) {}
IdxImagesDataset::~IdxImagesDataset() = default;

void IdxImagesDataset::Part::CheckHeaders(absl::string_view images_field,
                                          absl::string_view labels_field, FieldChecker& check) {
  absl::StatusOr<IdxImageFile> header = ReadIdxImageHeader(images_path);
  if (!check.Nested(images_field, header.status())) return;
  images = *std::move(header);
  if (labels_path.empty()) return;
  check.Nested(labels_field, CheckIdxLabelHeader(labels_path, images.count, images_path));
}

absl::Status IdxImagesDataset::Part::Load() {
  if (images_path.empty()) return absl::OkStatus();
  absl::StatusOr<IdxImageFile> read = ReadIdxImages(images_path);
  if (!read.ok()) return read.status();
  // What was built into the pipeline is what the header said when it was checked.
  if (read->count != images.count || read->height != images.height || read->width != images.width) {
    return absl::FailedPreconditionError(
        absl::StrCat(images_path, ": the file changed while it was being used"));
  }
  images = *std::move(read);
  if (labels_path.empty()) return absl::OkStatus();
  absl::StatusOr<std::vector<uint8_t>> read_labels =
      ReadIdxLabels(labels_path, images.count, images_path);
  if (!read_labels.ok()) return read_labels.status();
  labels = *std::move(read_labels);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Dataset>> IdxImagesDataset::Create(const IdxImages& config,
                                                                  const BuildContext& context) {
  FieldChecker check;
  std::unique_ptr<IdxImagesDataset> dataset(new IdxImagesDataset(config));
  Part &train = dataset->train_, &test = dataset->test_;
  train.images_path = context.Resolve(config.images());
  train.labels_path = context.Resolve(config.labels());
  test.images_path = context.Resolve(config.test_images());
  test.labels_path = context.Resolve(config.test_labels());

  if (check.NotEmpty("images", config.images())) train.CheckHeaders("images", "labels", check);
  if (!test.images_path.empty()) {
    test.CheckHeaders("test_images", "test_labels", check);
    check.That(train.labels_path.empty() == test.labels_path.empty(), "test_labels",
               "must be given exactly when labels is: training and test images are labelled, or "
               "neither are");
    check.That(
        config.held_out() == 0, "held_out",
        absl::StrCat(
            "keeps training images for the test split, but there are test_images; leave one out"));
    const IdxImageFile &a = train.images, &b = test.images;
    check.That(a.count == 0 || b.count == 0 || (a.height == b.height && a.width == b.width),
               "test_images",
               absl::StrCat("are ", b.height, "×", b.width, ", the training images ", a.height, "×",
                            a.width, ": an encoder takes one size"));
  } else {
    check.That(test.labels_path.empty(), "test_labels", "needs test_images");
  }
  check.InHalfOpenRange("held_out", config.held_out(), 0, 1);
  check.That(config.held_out() == 0 || train.images.count != 1, "held_out",
             "needs more than one image");
  CheckImageScaling(config.scaling(), "scaling", check);
  if (!check.ok()) return check.status();
  dataset->type_ = FlowType::Image(1, train.images.height, train.images.width);
  return dataset;
}

bool IdxImagesDataset::labelled() const { return !train_.labels_path.empty(); }

absl::Status IdxImagesDataset::Load() {
  for (Part* part : {&train_, &test_}) {
    if (absl::Status status = part->Load(); !status.ok()) return status;
    for (const uint8_t label : part->labels) classes_ = std::max<int64_t>(classes_, label + 1);
  }
  split_ = HoldOut(train_.images.count, config_->held_out(), config_->held_out_seed());
  if (!test_.images_path.empty()) {
    split_.test.resize(test_.images.count);
    std::iota(split_.test.begin(), split_.test.end(), 0);
  }
  statistics_ = ComputePixelStatistics(train_.images.pixels.data(), split_.train, 1, type_.size());
  scale_ = MakePixelScale(config_->scaling(), statistics_);
  return absl::OkStatus();
}

int64_t IdxImagesDataset::size(Split split) const {
  return static_cast<int64_t>(indices(split).size());
}

absl::Status IdxImagesDataset::Read(Split split, int64_t index, Sample& sample) const {
  const Part& part = split == Split::kTrain || test_.images_path.empty() ? train_ : test_;
  const int64_t image = indices(split)[index];
  sample.index = index;
  sample.type = type_;
  sample.label = part.labels.empty() ? -1 : part.labels[image];
  sample.values.resize(type_.size());
  ScalePixels(scale_, part.images.pixels.data() + image * type_.size(), type_.size(),
              sample.values.data());
  return absl::OkStatus();
}

std::string IdxImagesDataset::Summary() const {
  std::string text = absl::StrCat(Counted(size(Split::kTrain)), " + ", Counted(size(Split::kTest)),
                                  " images ", type_.channels, "×", type_.height, "×", type_.width);
  absl::StrAppend(&text, labelled() ? absl::StrCat(", ", classes_, " classes") : ", no labels");
  absl::StrAppendFormat(&text, ", pixel mean %.4f, deviation %.4f", statistics_.mean[0],
                        statistics_.deviation[0]);
  return text;
}

PRETEXT_REGISTER_DATASET(IdxImagesDataset, IdxImages);

}  // namespace pretext
