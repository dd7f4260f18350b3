// Load of ImageFolder: pictures are looked at, split, and held where they are to be.
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/text/counted.h"
#include "core/flow/held_out.h"
#include "datasets/image_folder/image_folder.h"
#include "datasets/image_folder/image_folder.pb.h"
#include "datasets/image_folder/picture_loader.h"

namespace pretext {

absl::Status ImageFolderDataset::CheckMemory(double bytes) const {
  const double memory =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (bytes <= 0.8 * memory) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("storage: the pictures take ", Counted(static_cast<int64_t>(bytes / 1e6)),
                   " MB of memory; this machine has ", Counted(static_cast<int64_t>(memory / 1e6)),
                   ". Take CACHE or DECODE, or make height and width smaller"));
}

absl::Status ImageFolderDataset::LoadFolder(const std::string& directory, bool every_class) {
  const absl::StatusOr<PictureFiles> found = ListPictures(directory, folders_.classes, every_class);
  if (!found.ok()) return found.status();
  passed_over_.Add(found->passed_over);
  std::vector<std::string> paths;
  for (const PictureFile& file : found->files) paths.push_back(file.path);
  const auto row = static_cast<size_t>(type_.size());
  const size_t begin = decoded_.size();
  const double bytes =
      static_cast<double>(begin) + static_cast<double>(row) * static_cast<double>(paths.size());
  // Rows that will be held in memory are made while the pictures are looked at.
  const bool rows =
      !form_.own_size &&
      (config_->storage() == ImageFolder::MEMORY ||
       (config_->storage() == ImageFolder::BY_SIZE && bytes <= static_cast<double>(kHeldUnasked)));
  if (rows) {
    if (absl::Status status = CheckMemory(bytes); !status.ok()) return status;
    decoded_.resize(begin + row * paths.size());
  }
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
        absl::StrAppend(&first_faults_, "; ", picture.status.message());
      continue;
    }
    if (rows) {
      std::copy_n(decoded_.begin() + static_cast<int64_t>(begin + i * row), row,
                  decoded_.begin() + static_cast<int64_t>(end));
      end += row;
    }
    paths_.push_back(std::move(paths[i]));
    labels_.push_back(found->files[i].label);
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
  if (decoded_.size() == paths_.size() * static_cast<size_t>(type_.size())) {
    store_ = PictureStore(std::move(decoded_), type_.size());
    return absl::OkStatus();
  }
  decoded_ = {};
  const int64_t bytes = BytesOf(pictures_, form_);
  ImageFolder::Storage storage = config_->storage();
  if (storage == ImageFolder::BY_SIZE) {
    storage = bytes <= kHeldUnasked ? ImageFolder::MEMORY
              : form_.own_size      ? ImageFolder::DECODE
                                    : ImageFolder::CACHE;
  }
  if (storage == ImageFolder::DECODE) return absl::OkStatus();
  if (storage == ImageFolder::MEMORY) {
    if (absl::Status status = CheckMemory(static_cast<double>(bytes)); !status.ok()) return status;
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
  if (absl::Status status = LoadFolder(folders_.train, /*every_class=*/true); !status.ok())
    return status;
  const auto train = static_cast<int64_t>(paths_.size());
  if (!folders_.test.empty()) {
    if (absl::Status status = LoadFolder(folders_.test, /*every_class=*/false); !status.ok())
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
  scale_ = MakePixelScale(config_->scaling(), statistics_);
  const absl::Status held = Hold();
  // Crops of pictures that are not held are of reduced ones where that is allowed.
  making_ = ContentOf(absl::StrCat(PictureKey({}, form_.target), form_.own_size,
                                   form_.own_size && store_.empty(),
                                   config_->scaling().SerializeAsString()));
  return held;
}

}  // namespace pretext
