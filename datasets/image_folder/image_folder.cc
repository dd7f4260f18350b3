#include "datasets/image_folder/image_folder.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/text/counted.h"
#include "core/flow/held_out.h"
#include "core/plugin/held_out_fields.h"
#include "datasets/byte_images/byte_images.h"
#include "datasets/image_folder/folder_picture.h"
#include "datasets/image_folder/image_folder.pb.h"
#include "datasets/image_folder/picture_loader.h"
#include "datasets/image_folder/storage_for.h"

namespace pretext {
namespace {

// Pictures that are looked at to know how large they all are.
constexpr size_t kSome = 64;

// What an entry of the dataset takes besides its pixels, in bytes: path, size, sums.
constexpr double kEntryBytes = 400;

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
  CheckHeldOut(config, /*samples=*/0, check);
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
  dataset->cache_ = CacheDirectoryFor(config.cache_directory(), context, check);
  if (!check.ok()) return check.status();
  dataset->form_.target = {
      .shape = {config.channels(), config.height(), config.width()},
      .fit = config.fit() == ImageFolder::STRETCH ? PictureFit::kStretch : PictureFit::kCrop,
      .background = color};
  return dataset;
}

void ImageFolderDataset::ExpectCrops() {
  form_.own_size = true;
  extent_.reset();
}

DatasetExtent ImageFolderDataset::extent() const {
  if (extent_) return *extent_;
  std::vector<std::string> paths;
  const auto count = [&](const std::string& directory, bool every_class) -> int64_t {
    if (directory.empty()) return 0;
    const auto found = ListPictures(directory, folders_.classes, every_class);
    if (!found.ok()) return 0;
    for (const PictureFile& file : found->files) paths.push_back(file.path);
    return static_cast<int64_t>(found->files.size());
  };
  const int64_t train = count(folders_.train, /*every_class=*/true);
  const int64_t test = count(folders_.test, /*every_class=*/false);
  std::vector<std::string> some;
  // Of those that are not made rows when they are loaded.
  const bool decoded = form_.own_size || config_->storage() == ImageFolder::DECODE;
  for (size_t i = 0; i < kSome && decoded; ++i) {
    if (i < paths.size()) some.push_back(paths[i * paths.size() / std::min(kSome, paths.size())]);
  }
  const std::vector<LoadedPicture> looked_at = LoadPictures(some, form_.target, nullptr);
  const auto pictures = static_cast<double>(train + test);
  double pixels = static_cast<double>(form_.target.shape.size()), file = pixels;
  if (!some.empty()) {
    const auto n = static_cast<double>(some.size());
    pixels = static_cast<double>(BytesOf(looked_at, form_)) / n;
    file = 0;
    for (const LoadedPicture& picture : looked_at)
      file += static_cast<double>(picture.file_bytes) / n;
  }
  const bool held =
      StorageFor(config_->storage(), form_.own_size, pictures * pixels) == ImageFolder::MEMORY;
  const bool pixels_held = held || config_->storage() == ImageFolder::CACHE;
  double kept_by_thread = 0;
  for (const LoadedPicture& picture : looked_at) {
    if (!picture.status.ok()) continue;
    kept_by_thread = std::max(kept_by_thread, KeptByThread(picture, form_.target.shape, pixels_held,
                                                           /*crops=*/form_.own_size));
  }
  const int64_t kept = test == 0 ? HeldOutCount(train, config_->held_out()) : 0;
  extent_ = {.train = train - kept,
             .test = test + kept,
             .bytes = pictures * (kEntryBytes + (held ? pixels : 0)),
             .sample_bytes = held ? 0 : file,
             .thread_bytes = kept_by_thread};
  return *extent_;
}

absl::Status ImageFolderDataset::Fetch(Split split, int64_t index, Sample& sample) const {
  const auto row = static_cast<size_t>(Rows(split)[static_cast<size_t>(index)]);
  sample.index = index;
  sample.type = type_;
  sample.label = labels_[row];
  sample.values.clear();
  sample.source.reset();
  const uint8_t* const pixels = store_.empty() ? nullptr : store_.pixels(static_cast<int64_t>(row));
  if (pixels != nullptr && !form_.own_size) {
    sample.values.resize(static_cast<size_t>(type_.size()));
    ScalePixels(scale_, pixels, type_.height * type_.width, sample.values.data());
    return absl::OkStatus();
  }
  std::string bytes;
  if (pixels == nullptr) {
    absl::StatusOr<std::string> file = ReadFound(paths_[row], pictures_[row]);
    if (!file.ok()) return file.status();
    bytes = *std::move(file);
  }
  sample.source = std::make_shared<FolderPicture>(paths_[row], pictures_[row], std::move(bytes),
                                                  pixels, form_.target, scale_);
  return absl::OkStatus();
}

absl::Status ImageFolderDataset::Read(Split split, int64_t index, Sample& sample) const {
  absl::Status status = Fetch(split, index, sample);
  if (!status.ok()) return status;
  status = MakeValues(sample);
  sample.source.reset();
  return status;
}

std::optional<SampleSum> ImageFolderDataset::Sum(Split split, int64_t index) const {
  const auto row = static_cast<size_t>(Rows(split)[static_cast<size_t>(index)]);
  return SampleSum{.content = pictures_[row].content ^ making_, .label = labels_[row]};
}

std::optional<int32_t> ImageFolderDataset::Label(Split split, int64_t index) const {
  return labels_[static_cast<size_t>(Rows(split)[static_cast<size_t>(index)])];
}

std::string ImageFolderDataset::StorageText() const {
  const std::string how =
      form_.own_size ? "at their own size, crops are taken from them as they are" : "at that size";
  if (store_.empty()) {
    return absl::StrCat("decoded as they are needed",
                        form_.own_size ? ", crops are taken from them as they are" : "");
  }
  const auto megabytes = static_cast<int64_t>(static_cast<double>(BytesOf(pictures_, form_)) / 1e6);
  return absl::StrCat(store_.mapped() ? "in a cache file " : "in memory ", how, ", ",
                      Counted(megabytes), " MB");
}

std::optional<PicturePreparation> ImageFolderDataset::preparation() const {
  std::optional<PicturePreparation> preparation =
      PreparationOf(type_, config_->scaling(), statistics_);
  if (!preparation) return preparation;
  if (config_->fit() == ImageFolder::STRETCH) preparation->fit = PicturePreparation::Fit::kStretch;
  ParseColor(config_->background(), preparation->background);
  return preparation;
}

absl::Status ImageFolderDataset::PrepareAs(const PicturePreparation& preparation) {
  return ScaleAs(config_->scaling(), preparation, given_);
}

std::string ImageFolderDataset::Summary() const {
  std::string text = absl::StrCat(
      ImagesSummary(size(Split::kTrain), size(Split::kTest), type_, classes(), statistics_), "; ",
      StorageText());
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
