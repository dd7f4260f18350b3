#include "pipelines/encoder/preparation_text.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace pretext {

EncoderFile::Arrays ArraysToMessage(const ArrayPreparation& preparation) {
  using Kind = ArrayPreparation::Kind;
  EncoderFile::Arrays arrays;
  switch (preparation.kind) {
    case Kind::kAsTheyAre:
      arrays.set_scaling(EncoderFile::Arrays::AS_THEY_ARE);
      break;
    case Kind::kBytes:
      arrays.set_scaling(EncoderFile::Arrays::BYTES);
      break;
    case Kind::kByType:
      arrays.set_scaling(EncoderFile::Arrays::BY_TYPE);
      break;
    case Kind::kStandardized:
      arrays.set_scaling(EncoderFile::Arrays::STANDARDIZED);
      break;
  }
  arrays.mutable_center()->Add(preparation.center.begin(), preparation.center.end());
  arrays.mutable_factor()->Add(preparation.factor.begin(), preparation.factor.end());
  return arrays;
}

ArrayPreparation ArraysFromMessage(const EncoderFile::Arrays& arrays) {
  using Kind = ArrayPreparation::Kind;
  ArrayPreparation preparation;
  if (!arrays.has_scaling()) {
    const bool bytes =
        arrays.factor_size() > 0 &&
        std::all_of(arrays.factor().begin(), arrays.factor().end(),
                    [](double factor) { return static_cast<float>(factor) == 1.0f / 255; });
    preparation.kind = arrays.factor().empty() ? Kind::kAsTheyAre
                       : bytes                 ? Kind::kBytes
                                               : Kind::kStandardized;
  } else {
    switch (arrays.scaling()) {
      case EncoderFile::Arrays::AS_THEY_ARE:
        break;
      case EncoderFile::Arrays::BYTES:
        preparation.kind = Kind::kBytes;
        break;
      case EncoderFile::Arrays::BY_TYPE:
        preparation.kind = Kind::kByType;
        break;
      case EncoderFile::Arrays::STANDARDIZED:
        preparation.kind = Kind::kStandardized;
        break;
    }
  }
  if (preparation.kind != Kind::kStandardized) return preparation;
  preparation.center = {arrays.center().begin(), arrays.center().end()};
  preparation.factor = {arrays.factor().begin(), arrays.factor().end()};
  return preparation;
}

EncoderFile::Pictures PicturesToMessage(const PicturePreparation& preparation) {
  EncoderFile::Pictures pictures;
  pictures.set_fit(preparation.fit == PicturePreparation::Fit::kStretch
                       ? EncoderFile::Pictures::STRETCH
                       : EncoderFile::Pictures::CROP);
  const auto& color = preparation.background;
  pictures.set_background(absl::StrFormat("#%02x%02x%02x", color[0], color[1], color[2]));
  pictures.mutable_factor()->Add(preparation.factor.begin(), preparation.factor.end());
  pictures.mutable_offset()->Add(preparation.offset.begin(), preparation.offset.end());
  return pictures;
}

PicturePreparation ScaleFromMessage(const EncoderFile& file) {
  PicturePreparation preparation;
  preparation.factor = {file.pictures().factor().begin(), file.pictures().factor().end()};
  preparation.offset = {file.pictures().offset().begin(), file.pictures().offset().end()};
  // Nothing is known of what standardized numbers can be.
  preparation.standardized = !file.sample().has_low();
  return preparation;
}

}  // namespace pretext
