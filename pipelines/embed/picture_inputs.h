// The kinds of input that pictures come in (input.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipelines/embed/input.h"
#include "pipelines/embed/picture_samples.h"

namespace pretext {

// The pictures below a folder. Folders inside are classes; where these have the names that the
// encoder knows they have its labels.
absl::StatusOr<std::unique_ptr<Input>> OpenPictureFolder(const InputOptions& options,
                                                         const TrainedEncoder& trained,
                                                         PictureSamples pictures);
// Pictures by their paths.
std::unique_ptr<Input> OpenPictureList(std::vector<std::string> paths, const InputOptions& options,
                                       PictureSamples pictures);
// The images of an IDX file, whose labels may lie beside.
absl::StatusOr<std::unique_ptr<Input>> OpenIdx(const InputOptions& options,
                                               const TrainedEncoder& trained,
                                               PictureSamples pictures);
// CIFAR records; of CIFAR-100, with the labels of its 100 classes.
absl::StatusOr<std::unique_ptr<Input>> OpenCifar(const InputOptions& options,
                                                 const TrainedEncoder& trained,
                                                 PictureSamples pictures);

// The texts of files or of standard input.
absl::StatusOr<std::unique_ptr<Input>> OpenTexts(const InputOptions& options);

}  // namespace pretext
