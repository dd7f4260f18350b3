#include "pipelines/embed/picture_inputs.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "datasets/image_folder/class_folders.h"
#include "datasets/image_folder/picture_files.h"

namespace pretext {
namespace {

class PictureList : public Input {
 public:
  PictureList(std::vector<PictureFile> files, std::vector<std::string> classes, int64_t block,
              PictureSamples pictures)
      : files_(std::move(files)),
        classes_(std::move(classes)),
        block_(static_cast<size_t>(block)),
        pictures_(std::move(pictures)) {}

  std::vector<std::string> classes() const override { return classes_; }
  bool labelled() const override { return !classes_.empty(); }
  double share() const override {
    return static_cast<double>(next_) / static_cast<double>(files_.size());
  }

  // Full blocks, whatever cannot be read: batches are those of an evaluation.
  absl::Status Next(InputBlock& block) override {
    block = {};
    while (block.size() < block_ && next_ < files_.size()) {
      const size_t begin = next_;
      next_ = std::min(files_.size(), begin + block_ - block.size());
      std::vector<std::string> paths;
      for (size_t i = begin; i < next_; ++i) paths.push_back(files_[i].path);
      std::vector<size_t> read;
      std::vector<absl::Status> faults(paths.size(), absl::OkStatus());
      pictures_.FromFiles(paths, block.samples, read, faults);
      for (const absl::Status& fault : faults) {
        if (!fault.ok()) block.faults.emplace_back(fault.message());
      }
      for (const size_t i : read) {
        block.names.push_back(std::move(paths[i]));
        if (labelled()) block.labels.push_back(files_[begin + i].label);
      }
    }
    return absl::OkStatus();
  }

 private:
  const std::vector<PictureFile> files_;
  const std::vector<std::string> classes_;
  const size_t block_;
  const PictureSamples pictures_;
  size_t next_ = 0;
};

// The labels that the encoder has for classes of these names, where it knows them all; else their
// own numbers, and `all` becomes their names.
std::vector<int32_t> LabelsOf(const std::vector<std::string>& classes,
                              std::vector<std::string>& all) {
  std::vector<int32_t> labels;
  for (const std::string& name : classes) {
    const auto found = std::find(all.begin(), all.end(), name);
    if (found == all.end()) {
      all = classes;
      labels.clear();
      for (size_t i = 0; i < classes.size(); ++i) labels.push_back(static_cast<int32_t>(i));
      return labels;
    }
    labels.push_back(static_cast<int32_t>(found - all.begin()));
  }
  return labels;
}

// The class folders in a folder. Pictures beside folders have no class, and here that is no fault.
std::vector<std::string> ClassesIn(const std::string& folder) {
  absl::StatusOr<std::vector<std::string>> classes = ListClasses(folder);
  return classes.ok() ? *std::move(classes) : std::vector<std::string>();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Input>> OpenPictureFolder(const InputOptions& options,
                                                         const TrainedEncoder& trained,
                                                         PictureSamples pictures) {
  const std::string& folder = options.input;
  // Its parts, each with classes of its own, or none; or itself, as one part.
  std::vector<std::pair<std::string, std::vector<std::string>>> roots = {
      {folder, ClassesIn(folder)}};
  if (const Parts parts = FindParts(folder, roots[0].second); !parts.train.empty()) {
    roots.clear();
    for (const std::string& name : {parts.train, parts.test, parts.unused}) {
      if (name.empty()) continue;
      const std::string root = FolderOf(folder, name);
      roots.emplace_back(root, ClassesIn(root));
    }
  }
  std::set<std::string> of_any;
  for (const auto& [root, own] : roots) of_any.insert(own.begin(), own.end());
  const std::vector<std::string> classes(of_any.begin(), of_any.end());
  std::vector<std::string> all(trained.file.class_name().begin(), trained.file.class_name().end());
  const std::vector<int32_t> labels = LabelsOf(ClassNames(classes), all);
  std::vector<PictureFile> files;
  for (const auto& [root, own] : roots) {
    absl::StatusOr<PictureFiles> found = ListPictures(root, own, /*every_class=*/false);
    if (!found.ok()) return found.status();
    for (PictureFile& file : found->files) {
      if (file.label >= 0) {
        const std::string& name = own[static_cast<size_t>(file.label)];
        const auto at = std::lower_bound(classes.begin(), classes.end(), name) - classes.begin();
        file.label = labels[static_cast<size_t>(at)];
      }
      files.push_back(std::move(file));
    }
  }
  if (classes.empty()) all.clear();
  return std::make_unique<PictureList>(std::move(files), std::move(all), options.block,
                                       std::move(pictures));
}

std::unique_ptr<Input> OpenPictureList(std::vector<std::string> paths, const InputOptions& options,
                                       PictureSamples pictures) {
  std::vector<PictureFile> files;
  for (std::string& path : paths) files.push_back({.path = std::move(path)});
  return std::make_unique<PictureList>(std::move(files), std::vector<std::string>(), options.block,
                                       std::move(pictures));
}

}  // namespace pretext
