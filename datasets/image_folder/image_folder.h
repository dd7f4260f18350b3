// Pictures in folders as a dataset. They are decoded and resized once and stay in memory as bytes;
// Read makes floats of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin/plugin.h"
#include "datasets/byte_images/byte_images.h"
#include "datasets/image_folder/picture_files.h"
#include "datasets/image_folder/picture_folders.h"

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
  std::vector<std::string> class_names() const override { return folders_.classes; }
  DatasetExtent extent() const override;
  absl::Status Load() override;
  int64_t size(Split split) const override { return images_.size(split); }
  absl::Status Read(Split split, int64_t index, Sample& sample) const override;
  std::optional<SampleSum> Sum(Split split, int64_t index) const override {
    return images_.Sum(split, index);
  }
  std::optional<int32_t> Label(Split split, int64_t index) const override {
    return images_.Label(split, index);
  }
  // Ends with what was taken for train and test, what was done to pictures, what was passed over,
  // how many could not be read, and the faults of the first few.
  std::string Summary() const override;

  ~ImageFolderDataset() override;

 private:
  explicit ImageFolderDataset(const ImageFolder& config);
  absl::StatusOr<ByteImages::Part> LoadFolder(const std::string& directory, bool every_class);

  const std::unique_ptr<const ImageFolder> config_;
  FlowType type_;
  PictureFolders folders_;
  ByteImages images_;
  Parts parts_;  // the folders that were taken for train and test
  PassedOver passed_over_;
  int64_t turned_ = 0, transparent_ = 0, unreadable_ = 0;
  std::string first_faults_;  // of the unreadable ones
};

}  // namespace pretext
