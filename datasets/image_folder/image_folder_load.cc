// Load of ImageFolder: pictures are looked at, split, and held where they are to be.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/memory/memory_limits.h"
#include "base/text/counted.h"
#include "base/text/one_line.h"
#include "core/flow/held_out.h"
#include "datasets/image_folder/image_folder.h"
#include "datasets/image_folder/image_folder.pb.h"
#include "datasets/image_folder/picture_loader.h"
#include "datasets/image_folder/storage_for.h"
#include "datasets/image_scaling/image_scaling.h"

namespace pretext {

absl::Status ImageFolderDataset::CheckMemory(double bytes) const {
  const MemoryLimit limit = TightestMemoryLimit();
  if (bytes <= 0.8 * limit.bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "storage: the pictures take ", Counted(static_cast<int64_t>(bytes / 1e6)), " MB of memory; ",
      limit.whose, " ", Counted(static_cast<int64_t>(limit.bytes / 1e6)),
      " MB. Take CACHE or DECODE, or make height and width smaller"));
}

absl::Status ImageFolderDataset::LoadFolder(const std::string& directory, PictureFiles found,
                                            bool rows) {
  passed_over_.Add(found.passed_over);
  std::vector<std::string> paths;
  for (PictureFile& file : found.files) paths.push_back(std::move(file.path));
  const auto row = static_cast<size_t>(type_.size());
  const size_t begin = decoded_.size();
  if (rows) decoded_.resize(begin + row * paths.size());
  std::vector<LoadedPicture> looked_at =
      rows ? LoadPictures(paths, form_.target, decoded_.data() + begin)
           : IndexPictures(paths, form_.target, cache_);
  const size_t before = paths_.size();
  size_t end = begin;
  for (size_t i = 0; i < paths.size(); ++i) {
    LoadedPicture& picture = looked_at[i];
    turned_ += picture.turned;
    transparent_ += picture.transparent;
    if (!picture.status.ok()) {
      if (!config_->skip_unreadable()) return picture.status;
      if (++unreadable_ <= kFaultsShown)
        absl::StrAppend(&first_faults_, "; ", OnOneLine(std::string(picture.status.message())));
      continue;
    }
    if (rows) {
      std::copy_n(decoded_.begin() + static_cast<int64_t>(begin + i * row), row,
                  decoded_.begin() + static_cast<int64_t>(end));
      end += row;
    }
    paths_.push_back(std::move(paths[i]));
    labels_.push_back(found.files[i].label);
    pictures_.push_back(std::move(picture));
  }
  if (rows) decoded_.resize(end);
  if (paths_.size() == before) {
    return absl::InvalidArgumentError(absl::StrCat(directory, ": none of ", paths.size(),
                                                   " pictures can be read", first_faults_));
  }
  return absl::OkStatus();
}

absl::Status ImageFolderDataset::Hold() {
  if (!decoded_.empty()) {
    store_ = PictureStore(std::move(decoded_), type_.size());
    return absl::OkStatus();
  }
  const auto bytes = static_cast<double>(BytesOf(pictures_, form_));
  const ImageFolder::Storage storage = StorageFor(config_->storage(), form_.own_size, bytes);
  if (storage == ImageFolder::DECODE) return absl::OkStatus();
  if (storage == ImageFolder::MEMORY) {
    if (absl::Status status = CheckMemory(bytes); !status.ok()) return status;
  }
  absl::StatusOr<PictureStore> store =
      storage == ImageFolder::MEMORY ? PictureStore::InMemory(paths_, pictures_, form_)
                                     : PictureStore::InCache(paths_, pictures_, form_, cache_);
  if (!store.ok()) return store.status();
  store_ = *std::move(store);
  return absl::OkStatus();
}

absl::Status ImageFolderDataset::Load() {
  turned_ = transparent_ = unreadable_ = 0;
  passed_over_ = {};
  first_faults_.clear();
  paths_.clear();
  labels_.clear();
  pictures_.clear();
  decoded_.clear();
  store_ = {};
  absl::StatusOr<PictureFiles> of_train =
      ListPictures(folders_.train, folders_.classes, /*every_class=*/true);
  if (!of_train.ok()) return of_train.status();
  absl::StatusOr<PictureFiles> of_test = PictureFiles();
  if (!folders_.test.empty()) {
    of_test = ListPictures(folders_.test, folders_.classes, /*every_class=*/false);
    if (!of_test.ok()) return of_test.status();
  }
  // Rows that will be held in memory, those of both folders, are made while pictures are looked at.
  const double bytes = static_cast<double>(type_.size()) *
                       static_cast<double>(of_train->files.size() + of_test->files.size());
  const bool rows = !form_.own_size && StorageFor(config_->storage(), /*own_size=*/false, bytes) ==
                                           ImageFolder::MEMORY;
  if (rows) {
    if (absl::Status status = CheckMemory(bytes); !status.ok()) return status;
    decoded_.reserve(static_cast<size_t>(bytes));
  }
  if (absl::Status status = LoadFolder(folders_.train, *std::move(of_train), rows); !status.ok())
    return status;
  const auto train = static_cast<int64_t>(paths_.size());
  if (!folders_.test.empty()) {
    if (absl::Status status = LoadFolder(folders_.test, *std::move(of_test), rows); !status.ok())
      return status;
  }
  const int64_t test = static_cast<int64_t>(paths_.size()) - train;
  const std::vector<int32_t> labels(labels_.begin(), labels_.begin() + train);
  HeldOutSplit split = HoldOut(train, test > 0 ? 0 : config_->held_out(), config_->held_out_seed(),
                               labelled() ? labels : std::vector<int32_t>());
  rows_[0] = std::move(split.train);
  rows_[1] = std::move(split.test);
  for (int64_t i = 0; i < test; ++i) rows_[1].push_back(train + i);
  std::vector<uint64_t> sum(static_cast<size_t>(type_.channels)), square(sum.size());
  for (const int64_t row : rows_[0]) {
    for (size_t c = 0; c < sum.size(); ++c) {
      sum[c] += pictures_[static_cast<size_t>(row)].sum[c];
      square[c] += pictures_[static_cast<size_t>(row)].square[c];
    }
  }
  statistics_ = StatisticsOf(
      sum, square,
      static_cast<double>(rows_[0].size()) * static_cast<double>(type_.height * type_.width));
  scale_ = given_ ? *given_ : MakePixelScale(config_->scaling(), statistics_);
  const absl::Status held = Hold();
  // Crops of pictures that are not held are of reduced ones where that is allowed.
  making_ = ContentOf(absl::StrCat(PictureKey({}, form_.target), form_.own_size,
                                   form_.own_size && store_.empty(), KeyOf(config_->scaling())));
  return held;
}

}  // namespace pretext
