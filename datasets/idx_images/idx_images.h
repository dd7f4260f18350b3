// Images in IDX files as a dataset. The bytes stay in memory as they are;
// Read makes floats of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/flow/held_out.h"
#include "core/plugin/plugin.h"
#include "datasets/idx_images/idx.h"
#include "datasets/image_scaling/image_scaling.h"

namespace pretext {

class IdxImages;  // the config message

class IdxImagesDataset : public Dataset {
 public:
  // Looks at the headers of the files.
  static absl::StatusOr<std::unique_ptr<Dataset>> Create(const IdxImages& config,
                                                         const BuildContext& context);

  FlowType type() const override { return type_; }
  bool labelled() const override;
  int64_t classes() const override { return classes_; }
  absl::Status Load() override;
  int64_t size(Split split) const override;
  absl::Status Read(Split split, int64_t index, Sample& sample) const override;
  std::string Summary() const override;

  ~IdxImagesDataset() override;

 private:
  // One pair of files.
  struct Part {
    std::string images_path, labels_path;  // empty: not given
    IdxImageFile images;
    std::vector<uint8_t> labels;

    void CheckHeaders(absl::string_view images_field, absl::string_view labels_field,
                      FieldChecker& check);
    absl::Status Load();
  };

  explicit IdxImagesDataset(const IdxImages& config);

  const std::vector<int64_t>& indices(Split split) const {
    return split == Split::kTrain ? split_.train : split_.test;
  }

  const std::unique_ptr<const IdxImages> config_;
  FlowType type_;
  int64_t classes_ = 0;
  Part train_, test_;
  // The images of the splits: all of either part, or with held_out some of train_.
  HeldOutSplit split_;
  PixelStatistics statistics_;
  PixelScale scale_;
};

}  // namespace pretext
