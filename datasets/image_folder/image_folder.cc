#include "datasets/image_folder/image_folder.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/text/counted.h"
#include "datasets/image_folder/image_folder.pb.h"
#include "datasets/image_folder/picture_files.h"
#include "datasets/image_folder/picture_loader.h"

namespace pretext {
namespace {

constexpr int kFaultsShown = 3;

// Adds a fault for each class of the test pictures that the training pictures do not have.
void CheckTestClasses(const std::vector<std::string>& train, const std::vector<std::string>& test,
                      FieldChecker& check) {
  check.That(train.empty() == test.empty(), "test_directory",
             absl::StrCat("must have class folders exactly when directory has; directory has ",
                          train.size(), ", test_directory ", test.size()));
  if (train.empty()) return;
  for (const std::string& name : test) {
    check.That(std::binary_search(train.begin(), train.end(), name), "test_directory",
               absl::StrCat("has the class ", name, ", which directory does not have"));
  }
}

// Drops the rows, and labels, whose status is a fault.
void DropFaulty(const std::vector<absl::Status>& statuses, int64_t row_size,
                ByteImages::Part& part) {
  size_t kept = 0;
  for (size_t i = 0; i < statuses.size(); ++i) {
    if (!statuses[i].ok()) continue;
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
  const auto classes_of = [&](const char* field, const std::string& directory) {
    std::vector<std::string> none;
    if (config.labels() == ImageFolder::NONE) {
      check.Nested(field, CheckFolder(directory));
      return none;
    }
    absl::StatusOr<std::vector<std::string>> classes = ListClasses(directory);
    return check.Nested(field, classes.status()) ? *std::move(classes) : none;
  };
  if (check.NotEmpty("directory", config.directory())) {
    dataset->directory_ = context.Resolve(config.directory());
    dataset->classes_ = classes_of("directory", dataset->directory_);
  }
  if (!config.test_directory().empty()) {
    dataset->test_directory_ = context.Resolve(config.test_directory());
    const auto test = classes_of("test_directory", dataset->test_directory_);
    if (check.ok()) CheckTestClasses(dataset->classes_, test, check);
    check.That(config.held_out() == 0, "held_out",
               "keeps training pictures for the test split, but there is a test_directory; leave "
               "one out");
  }
  check.InHalfOpenRange("held_out", config.held_out(), 0, 1);
  const bool height = check.Extent("height", config.height());
  const bool width = check.Extent("width", config.width());
  const bool channels = check.That(config.channels() == 1 || config.channels() == 3, "channels",
                                   absl::StrCat("must be 1 or 3; it is ", config.channels()));
  if (height && width && channels) {
    dataset->type_ = FlowType::Image(config.channels(), config.height(), config.width());
    check.That(dataset->type_.size() <= int64_t{1} << 28, "height",
               absl::StrCat("times width is too large: ", config.height(), " x ", config.width()));
  }
  CheckImageScaling(config.scaling(), "scaling", check);
  if (!check.ok()) return check.status();
  return dataset;
}

absl::StatusOr<ByteImages::Part> ImageFolderDataset::LoadFolder(const std::string& directory,
                                                                bool every_class) {
  const absl::StatusOr<std::vector<PictureFile>> files =
      ListPictures(directory, classes_, every_class);
  if (!files.ok()) return files.status();
  ByteImages::Part part;
  std::vector<std::string> paths;
  for (const PictureFile& file : *files) {
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
  const ImageShape shape{static_cast<int>(type_.channels), static_cast<int>(type_.height),
                         static_cast<int>(type_.width)};
  const auto fit =
      config_->fit() == ImageFolder::STRETCH ? PictureFit::kStretch : PictureFit::kCrop;
  const std::vector<absl::Status> statuses = LoadPictures(paths, shape, fit, part.pixels.data());
  for (const absl::Status& status : statuses) {
    if (status.ok()) continue;
    if (!config_->skip_unreadable()) return status;
    if (++unreadable_ <= kFaultsShown) absl::StrAppend(&first_faults_, "; ", status.message());
  }
  DropFaulty(statuses, type_.size(), part);
  if (part.pixels.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(directory, ": none of ", paths.size(),
                                                   " pictures can be read", first_faults_));
  }
  return part;
}

absl::Status ImageFolderDataset::Load() {
  unreadable_ = 0;
  first_faults_.clear();
  absl::StatusOr<ByteImages::Part> train = LoadFolder(directory_, /*every_class=*/true);
  if (!train.ok()) return train.status();
  absl::StatusOr<ByteImages::Part> test = ByteImages::Part();
  if (!test_directory_.empty()) test = LoadFolder(test_directory_, /*every_class=*/false);
  if (!test.ok()) return test.status();
  images_.Set(type_, *std::move(train), *std::move(test), config_->held_out(),
              config_->held_out_seed(), config_->scaling());
  return absl::OkStatus();
}

absl::Status ImageFolderDataset::Read(Split split, int64_t index, Sample& sample) const {
  images_.Read(split, index, sample);
  return absl::OkStatus();
}

std::string ImageFolderDataset::Summary() const {
  std::string text = images_.Summary(classes());
  if (unreadable_ == 0) return text;
  absl::StrAppend(&text, "; left out ", Counted(unreadable_), " unreadable", first_faults_);
  if (unreadable_ > kFaultsShown) absl::StrAppend(&text, "; and others");
  return text;
}

PRETEXT_REGISTER_DATASET(ImageFolderDataset, ImageFolder);

}  // namespace pretext
