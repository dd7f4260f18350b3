#include "pipelines/embed/picture_samples.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace pretext {
absl::StatusOr<PictureSamples> PictureSamples::Create(const TrainedEncoder& trained) {
  const auto fault = [&](absl::string_view message) {
    return absl::InvalidArgumentError(absl::StrCat(trained.path, ": ", message));
  };
  if (!trained.sample.is(FlowType::Kind::kImage)) {
    return fault(absl::StrCat("embeds ", trained.tokenizer != nullptr ? "text" : "vectors",
                              ", no pictures: it was trained on ", trained.sample.ToString()));
  }
  const EncoderFile::Pictures& pictures = trained.file.pictures();
  const auto channels = static_cast<int>(trained.sample.channels);
  if (!trained.file.has_pictures()) {
    return fault(
        "was trained on arrays: nothing says how the file of a picture becomes its input; it "
        "embeds rows of .npy and .safetensors files");
  }
  PictureSamples made;
  made.type_ = trained.sample;
  made.target_.shape = {channels, static_cast<int>(trained.sample.height),
                        static_cast<int>(trained.sample.width)};
  if (pictures.fit() == EncoderFile::Pictures::STRETCH) made.target_.fit = PictureFit::kStretch;
  made.scale_.factor.assign(pictures.factor().begin(), pictures.factor().end());
  made.scale_.offset.assign(pictures.offset().begin(), pictures.offset().end());
  const bool right = ParseColor(pictures.background(), made.target_.background) &&
                     (channels == 1 || channels == 3) && pictures.factor_size() == channels &&
                     pictures.offset_size() == channels;
  if (!right) return fault("its pictures { … } does not fit its sample { … }");
  return made;
}

void PictureSamples::FromBytes(const uint8_t* pixels, Sample& sample) const {
  sample.type = type_;
  sample.values.resize(static_cast<size_t>(type_.size()));
  ScalePixels(scale_, pixels, type_.height * type_.width, sample.values.data());
}

void PictureSamples::FromUnit(const float* pixels, Sample& sample) const {
  sample.type = type_;
  sample.values.resize(static_cast<size_t>(type_.size()));
  ScaleUnit(scale_, pixels, type_.height * type_.width, sample.values.data());
}

void PictureSamples::FromFiles(const std::vector<std::string>& paths, std::vector<Sample>& samples,
                               std::vector<size_t>& read, std::vector<absl::Status>& faults) const {
  std::vector<uint8_t> pixels(paths.size() * static_cast<size_t>(type_.size()));
  const std::vector<LoadedPicture> loaded = LoadPictures(paths, target_, pixels.data());
  for (size_t i = 0; i < paths.size(); ++i) {
    faults[i] = loaded[i].status;
    if (!faults[i].ok()) continue;
    FromBytes(pixels.data() + static_cast<int64_t>(i) * type_.size(), samples.emplace_back());
    read.push_back(i);
  }
}

}  // namespace pretext
