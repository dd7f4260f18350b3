#include "datasets/idx_images/idx_images.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file/changed_file.h"
#include "core/plugin/held_out_fields.h"
#include "datasets/idx_images/idx_images.pb.h"

namespace pretext {
namespace {

void CheckClassNames(const IdxImages& config, FieldChecker& check) {
  check.That(config.class_names().empty() || !config.labels().empty(), "class_names",
             "needs labels, whose names they are");
  std::set<std::string> names;
  for (int i = 0; i < config.class_names_size(); ++i) {
    const std::string& name = config.class_names(i);
    const std::string field = absl::StrCat("class_names[", i, "]");
    check.That(!name.empty(), field, "is empty");
    check.That(!absl::StrContains(name, '\n'), field, "is of more than one line");
    check.That(names.insert(name).second, field,
               absl::StrCat("is there twice: \"", name, "\"; each class has a name of its own"));
  }
}

}  // namespace

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
    return ChangedWhileUsed(images_path);
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
  CheckHeldOut(config, train.header.count, check);
  CheckImageScaling(config.scaling(), "scaling", check);
  CheckClassNames(config, check);
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
  if (const int64_t names = config_->class_names_size(); names > 0) {
    if (classes_ > names) {
      return absl::InvalidArgumentError(absl::StrCat(config_->labels(), ": has labels up to ",
                                                     classes_ - 1, ", and class_names ", names,
                                                     ": each label from 0 on has one"));
    }
    classes_ = names;
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

std::vector<std::string> IdxImagesDataset::class_names() const {
  return {config_->class_names().begin(), config_->class_names().end()};
}

std::string IdxImagesDataset::Summary() const {
  const auto& names = config_->class_names();
  return absl::StrCat(images_.Summary(classes_),
                      names.empty() ? "" : "; classes: ", absl::StrJoin(names, ", "));
}

std::optional<PicturePreparation> IdxImagesDataset::preparation() const {
  return images_.preparation(type_, config_->scaling());
}

absl::Status IdxImagesDataset::PrepareAs(const PicturePreparation& preparation) {
  return images_.PrepareAs(config_->scaling(), preparation);
}

PRETEXT_REGISTER_DATASET(IdxImagesDataset, IdxImages);

}  // namespace pretext
