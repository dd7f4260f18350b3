// Pictures in folders as a dataset. What is trained on is held decoded, in memory or in a mapped
// file, or decoded whenever it is needed (ImageFolder.storage); Fetch hands over pictures as they
// are, Read makes floats of them at the size of the type.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin/plugin.h"
#include "datasets/cache_file/cache_directory.h"
#include "datasets/image_folder/picture_files.h"
#include "datasets/image_folder/picture_folders.h"
#include "datasets/image_folder/picture_store.h"
#include "datasets/image_scaling/image_scaling.h"

namespace pretext {

class ImageFolder;  // the config message

class ImageFolderDataset : public Dataset {
 public:
  // Looks at the folders, not at the pictures.
  static absl::StatusOr<std::unique_ptr<Dataset>> Create(const ImageFolder& config,
                                                         const BuildContext& context);

  FlowType type() const override { return type_; }
  bool labelled() const override { return !folders_.classes.empty(); }
  int64_t classes() const override { return static_cast<int64_t>(folders_.classes.size()); }
  std::optional<PicturePreparation> preparation() const override;
  absl::Status PrepareAs(const PicturePreparation& preparation) override;
  std::vector<std::string> class_names() const override { return ClassNames(folders_.classes); }
  // Counts the pictures, and looks at some of them where it matters how large they are.
  DatasetExtent extent() const override;
  void ExpectCrops() override;
  absl::Status Load() override;
  int64_t size(Split split) const override { return static_cast<int64_t>(Rows(split).size()); }
  absl::Status Read(Split split, int64_t index, Sample& sample) const override;
  absl::Status Fetch(Split split, int64_t index, Sample& sample) const override;
  // By the bytes of the file, and what is made of it.
  std::optional<SampleSum> Sum(Split split, int64_t index) const override;
  std::optional<int32_t> Label(Split split, int64_t index) const override;
  // Ends with how pictures are stored, what was taken for train and test, what was done to
  // pictures, what was passed over, how many could not be read, and the faults of the first few.
  std::string Summary() const override;

  ~ImageFolderDataset() override;

 private:
  // Of pictures that cannot be read, those that the summary names.
  static constexpr int kFaultsShown = 3;

  explicit ImageFolderDataset(const ImageFolder& config);
  // Appends the folder's pictures that can be read; their rows too where these are held.
  absl::Status LoadFolder(const std::string& directory, PictureFiles found, bool rows);
  absl::Status CheckMemory(double bytes) const;
  absl::Status Hold();
  const std::vector<int64_t>& Rows(Split split) const {
    return rows_[split == Split::kTrain ? 0 : 1];
  }
  std::string StorageText() const;

  const std::unique_ptr<const ImageFolder> config_;
  FlowType type_;
  PictureFolders folders_;
  PictureStore::Form form_;
  CacheDirectory cache_;
  mutable std::optional<DatasetExtent> extent_;

  // Of every picture that can be read, those of the training folder first. Samples refer to them.
  std::vector<std::string> paths_;
  std::vector<int32_t> labels_;
  std::vector<LoadedPicture> pictures_;
  std::vector<uint8_t> decoded_;  // rows that were made while they were looked at
  PictureStore store_;
  std::vector<int64_t> rows_[2];     // by split
  PixelStatistics statistics_;       // of the training split
  std::optional<PixelScale> given_;  // by PrepareAs
  PixelScale scale_;
  uint32_t making_ = 0;  // a checksum of what samples are made by, beside their files

  PassedOver passed_over_;
  int64_t turned_ = 0, transparent_ = 0, unreadable_ = 0;
  std::string first_faults_;  // of the unreadable ones
};

}  // namespace pretext
