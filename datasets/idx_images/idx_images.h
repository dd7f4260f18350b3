// Images in IDX files as a dataset (datasets/byte_images).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin/plugin.h"
#include "datasets/byte_images/byte_images.h"
#include "datasets/idx_images/idx.h"

namespace pretext {

class IdxImages;  // the config message

class IdxImagesDataset : public Dataset {
 public:
  // Looks at the headers of the files. Load is an error where a label has none of the names that
  // are given.
  static absl::StatusOr<std::unique_ptr<Dataset>> Create(const IdxImages& config,
                                                         const BuildContext& context);

  FlowType type() const override { return type_; }
  bool labelled() const override;
  int64_t classes() const override { return classes_; }
  std::vector<std::string> class_names() const override;
  std::optional<PicturePreparation> preparation() const override;
  absl::Status PrepareAs(const PicturePreparation& preparation) override;
  DatasetExtent extent() const override;
  absl::Status Load() override;
  int64_t size(Split split) const override;
  absl::Status Read(Split split, int64_t index, Sample& sample) const override;
  std::optional<SampleSum> Sum(Split split, int64_t index) const override {
    return images_.Sum(split, index);
  }
  std::optional<int32_t> Label(Split split, int64_t index) const override {
    return images_.Label(split, index);
  }
  std::string Summary() const override;

  ~IdxImagesDataset() override;

 private:
  // One pair of files.
  struct Part {
    std::string images_path, labels_path;  // empty: not given
    IdxImageFile header;

    void CheckHeaders(absl::string_view images_field, absl::string_view labels_field,
                      FieldChecker& check);
    absl::Status Load(ByteImages::Part& part) const;
  };

  explicit IdxImagesDataset(const IdxImages& config);

  const std::unique_ptr<const IdxImages> config_;
  FlowType type_;
  int64_t classes_ = 0;
  Part train_, test_;
  ByteImages images_;
};

}  // namespace pretext
