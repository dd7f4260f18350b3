#include "datasets/idx_images/idx_images.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "datasets/idx_images/idx_images.pb.h"

namespace pretext {

IdxImagesDataset::IdxImagesDataset(const IdxImages& config)
    : config_(std::make_unique<IdxImages>(config)) {}
IdxImagesDataset::~IdxImagesDataset() = default;

void IdxImagesDataset::Part::CheckHeaders(absl::string_view images_field,
                                          absl::string_view labels_field, FieldChecker& check) {
  absl::StatusOr<IdxImageFile> read = ReadIdxImageHeader(images_path);
  if (!check.Nested(images_field, read.status())) return;
  header = *std::move(read);
  if (labels_path.empty()) return;
  check.Nested(labels_field, CheckIdxLabelHeader(labels_path, header.count, images_path));
}

absl::Status IdxImagesDataset::Part::Load(ByteImages::Part& part) const {
  if (images_path.empty()) return absl::OkStatus();
  absl::StatusOr<IdxImageFile> read = ReadIdxImages(images_path);
  if (!read.ok()) return read.status();
  // What was built into the pipeline is what the header said when it was checked.
  if (read->count != header.count || read->height != header.height || read->width != header.width) {
    return absl::FailedPreconditionError(
        absl::StrCat(images_path, ": the file changed while it was being used"));
  }
  part.pixels = std::move(read->pixels);
  if (labels_path.empty()) return absl::OkStatus();
  const absl::StatusOr<std::vector<uint8_t>> labels =
      ReadIdxLabels(labels_path, header.count, images_path);
  if (!labels.ok()) return labels.status();
  part.labels.assign(labels->begin(), labels->end());
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
    const IdxImageFile &a = train.header, &b = test.header;
    check.That(a.count == 0 || b.count == 0 || (a.height == b.height && a.width == b.width),
               "test_images",
               absl::StrCat("are ", b.height, "×", b.width, ", the training images ", a.height, "×",
                            a.width, ": an encoder takes one size"));
  } else {
    check.That(test.labels_path.empty(), "test_labels", "needs test_images");
  }
  check.InHalfOpenRange("held_out", config.held_out(), 0, 1);
  check.That(config.held_out() == 0 || train.header.count != 1, "held_out",
             "needs more than one image");
  CheckImageScaling(config.scaling(), "scaling", check);
  if (!check.ok()) return check.status();
  dataset->type_ = FlowType::Image(1, train.header.height, train.header.width)
                       .WithRange(RangeOf(config.scaling()));
  return dataset;
}

bool IdxImagesDataset::labelled() const { return !train_.labels_path.empty(); }

DatasetExtent IdxImagesDataset::extent() const {
  return ByteImages::Extent(type_, train_.header.count, test_.header.count, config_->held_out());
}

absl::Status IdxImagesDataset::Load() {
  ByteImages::Part train, test;
  if (absl::Status status = train_.Load(train); !status.ok()) return status;
  if (absl::Status status = test_.Load(test); !status.ok()) return status;
  for (const ByteImages::Part* part : {&train, &test}) {
    for (const int32_t label : part->labels) classes_ = std::max<int64_t>(classes_, label + 1);
  }
  images_.Set(type_, std::move(train), std::move(test), config_->held_out(),
              config_->held_out_seed(), config_->scaling());
  return absl::OkStatus();
}

int64_t IdxImagesDataset::size(Split split) const { return images_.size(split); }

absl::Status IdxImagesDataset::Read(Split split, int64_t index, Sample& sample) const {
  images_.Read(split, index, sample);
  return absl::OkStatus();
}

std::string IdxImagesDataset::Summary() const { return images_.Summary(classes_); }

std::optional<PicturePreparation> IdxImagesDataset::preparation() const {
  return images_.preparation(type_, config_->scaling());
}

PRETEXT_REGISTER_DATASET(IdxImagesDataset, IdxImages);

}  // namespace pretext
