#include "datasets/image_folder/image_folder.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/text/counted.h"
#include "datasets/image_folder/image_folder.pb.h"
#include "datasets/image_folder/picture_loader.h"

namespace pretext {
namespace {

constexpr int kFaultsShown = 3;

// Drops the rows, and labels, of pictures that could not be read.
void DropFaulty(const std::vector<LoadedPicture>& loaded, int64_t row_size,
                ByteImages::Part& part) {
  size_t kept = 0;
  for (size_t i = 0; i < loaded.size(); ++i) {
    if (!loaded[i].status.ok()) continue;
    if (kept < i) {
      std::copy_n(part.pixels.begin() + static_cast<int64_t>(i) * row_size, row_size,
                  part.pixels.begin() + static_cast<int64_t>(kept) * row_size);
      if (!part.labels.empty()) part.labels[kept] = part.labels[i];
    }
    ++kept;
  }
  part.pixels.resize(kept * static_cast<size_t>(row_size));
  if (!part.labels.empty()) part.labels.resize(kept);
}

}  // namespace

ImageFolderDataset::ImageFolderDataset(const ImageFolder& config)
    : config_(std::make_unique<ImageFolder>(config)) {}
ImageFolderDataset::~ImageFolderDataset() = default;

absl::StatusOr<std::unique_ptr<Dataset>> ImageFolderDataset::Create(const ImageFolder& config,
                                                                    const BuildContext& context) {
  FieldChecker check;
  std::unique_ptr<ImageFolderDataset> dataset(new ImageFolderDataset(config));
  if (check.NotEmpty("directory", config.directory())) {
    dataset->folders_ = FindPictureFolders(config, context, check);
  }
  std::array<uint8_t, 3> color;
  check.That(
      ParseColor(config.background(), color), "background",
      absl::StrCat("must be #RRGGBB, such as #ffffff for white; it is ", config.background()));
  check.InHalfOpenRange("held_out", config.held_out(), 0, 1);
  const bool height = check.Extent("height", config.height());
  const bool width = check.Extent("width", config.width());
  const bool channels = check.That(config.channels() == 1 || config.channels() == 3, "channels",
                                   absl::StrCat("must be 1 or 3; it is ", config.channels()));
  if (height && width && channels) {
    dataset->type_ = FlowType::Image(config.channels(), config.height(), config.width())
                         .WithRange(RangeOf(config.scaling()));
    check.That(dataset->type_.size() <= int64_t{1} << 28, "height",
               absl::StrCat("times width is too large: ", config.height(), " x ", config.width()));
  }
  CheckImageScaling(config.scaling(), "scaling", check);
  if (!check.ok()) return check.status();
  return dataset;
}

DatasetExtent ImageFolderDataset::extent() const {
  const auto count = [this](const std::string& directory, bool every_class) -> int64_t {
    if (directory.empty()) return 0;
    const absl::StatusOr<PictureFiles> found =
        ListPictures(directory, folders_.classes, every_class);
    return found.ok() ? static_cast<int64_t>(found->files.size()) : 0;
  };
  return ByteImages::Extent(type_, count(folders_.train, /*every_class=*/true),
                            count(folders_.test, /*every_class=*/false), config_->held_out());
}

absl::StatusOr<ByteImages::Part> ImageFolderDataset::LoadFolder(const std::string& directory,
                                                                bool every_class) {
  const absl::StatusOr<PictureFiles> found = ListPictures(directory, folders_.classes, every_class);
  if (!found.ok()) return found.status();
  passed_over_.Add(found->passed_over);
  ByteImages::Part part;
  std::vector<std::string> paths;
  for (const PictureFile& file : found->files) {
    paths.push_back(file.path);
    if (labelled()) part.labels.push_back(file.label);
  }
  const double bytes = static_cast<double>(type_.size()) * static_cast<double>(paths.size());
  const double memory =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (bytes > 0.8 * memory) {
    return absl::InvalidArgumentError(absl::StrCat(
        directory, ": ", Counted(static_cast<int64_t>(paths.size())), " pictures as ",
        type_.ToString(), " take ", Counted(static_cast<int64_t>(bytes / 1e6)),
        " MB of memory; this machine has ", Counted(static_cast<int64_t>(memory / 1e6)),
        ". Make height and width smaller"));
  }
  part.pixels.resize(paths.size() * static_cast<size_t>(type_.size()));
  PictureTarget target;
  target.shape = {static_cast<int>(type_.channels), static_cast<int>(type_.height),
                  static_cast<int>(type_.width)};
  if (config_->fit() == ImageFolder::STRETCH) target.fit = PictureFit::kStretch;
  ParseColor(config_->background(), target.background);
  const std::vector<LoadedPicture> loaded = LoadPictures(paths, target, part.pixels.data());
  for (const LoadedPicture& picture : loaded) {
    turned_ += picture.turned;
    transparent_ += picture.transparent;
    if (picture.status.ok()) continue;
    if (!config_->skip_unreadable()) return picture.status;
    if (++unreadable_ <= kFaultsShown)
      absl::StrAppend(&first_faults_, "; ", picture.status.message());
  }
  DropFaulty(loaded, type_.size(), part);
  if (part.pixels.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(directory, ": none of ", paths.size(),
                                                   " pictures can be read", first_faults_));
  }
  return part;
}

absl::Status ImageFolderDataset::Load() {
  turned_ = transparent_ = unreadable_ = 0;
  passed_over_ = {};
  first_faults_.clear();
  absl::StatusOr<ByteImages::Part> train = LoadFolder(folders_.train, /*every_class=*/true);
  if (!train.ok()) return train.status();
  absl::StatusOr<ByteImages::Part> test = ByteImages::Part();
  if (!folders_.test.empty()) test = LoadFolder(folders_.test, /*every_class=*/false);
  if (!test.ok()) return test.status();
  images_.Set(type_, *std::move(train), *std::move(test), config_->held_out(),
              config_->held_out_seed(), config_->scaling());
  return absl::OkStatus();
}

absl::Status ImageFolderDataset::Read(Split split, int64_t index, Sample& sample) const {
  images_.Read(split, index, sample);
  return absl::OkStatus();
}

std::optional<PicturePreparation> ImageFolderDataset::preparation() const {
  std::optional<PicturePreparation> preparation = images_.preparation(type_, config_->scaling());
  if (!preparation) return preparation;
  if (config_->fit() == ImageFolder::STRETCH) preparation->fit = PicturePreparation::Fit::kStretch;
  ParseColor(config_->background(), preparation->background);
  return preparation;
}

std::string ImageFolderDataset::Summary() const {
  std::string text = images_.Summary(classes());
  if (!folders_.parts.train.empty()) {
    absl::StrAppend(&text, "; the folders ", folders_.parts.train, " and ", folders_.parts.test,
                    " are the training and the test pictures");
    if (!folders_.parts.unused.empty())
      absl::StrAppend(&text, ", ", folders_.parts.unused, " is not read");
  }
  if (turned_ > 0) absl::StrAppend(&text, "; turned ", Counted(turned_), " as their EXIF says");
  if (transparent_ > 0) {
    absl::StrAppend(&text, "; laid ", Counted(transparent_), " with transparency on ",
                    config_->background());
  }
  const std::string passed_over = passed_over_.ToString();
  if (!passed_over.empty()) absl::StrAppend(&text, "; passed over ", passed_over);
  if (unreadable_ == 0) return text;
  absl::StrAppend(&text, "; left out ", Counted(unreadable_), " unreadable", first_faults_);
  if (unreadable_ > kFaultsShown) absl::StrAppend(&text, "; and others");
  return text;
}

PRETEXT_REGISTER_DATASET(ImageFolderDataset, ImageFolder);

}  // namespace pretext
