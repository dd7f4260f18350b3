// CIFAR-10 and CIFAR-100 as a dataset. The bytes stay in memory as they are;
// Read makes floats of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin/plugin.h"
#include "datasets/byte_images/byte_images.h"
#include "datasets/cifar/cifar_file.h"

namespace pretext {

class Cifar;  // the config message

class CifarDataset : public Dataset {
 public:
  // Looks at the sizes of the files.
  static absl::StatusOr<std::unique_ptr<Dataset>> Create(const Cifar& config,
                                                         const BuildContext& context);

  FlowType type() const override;
  bool labelled() const override { return true; }
  int64_t classes() const override { return layout_.classes; }
  // Of batches.meta.txt, fine_label_names.txt or coarse_label_names.txt, where the folder has it.
  std::vector<std::string> class_names() const override { return class_names_; }
  std::optional<PicturePreparation> preparation() const override;
  absl::Status PrepareAs(const PicturePreparation& preparation) override;
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
  std::string Summary() const override { return images_.Summary(layout_.classes); }

  ~CifarDataset() override;

 private:
  struct File {
    std::string path;
    int64_t records = 0;
  };

  explicit CifarDataset(const Cifar& config);
  absl::StatusOr<ByteImages::Part> LoadFiles(const std::vector<File>& files) const;

  const std::unique_ptr<const Cifar> config_;
  const CifarLayout layout_;
  std::vector<File> train_, test_;
  std::vector<std::string> class_names_;
  ByteImages images_;
};

}  // namespace pretext
