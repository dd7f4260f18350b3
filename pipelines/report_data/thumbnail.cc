#include "pipelines/report_data/thumbnail.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/image/image_io.h"

namespace pretext {

bool IsPicture(const FlowType& type) {
  return type.is(FlowType::Kind::kImage) && (type.channels == 1 || type.channels == 3);
}

void Shades::Add(const std::vector<float>& values) {
  for (const float value : values) {
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
}

SmallPicture MakeSmall(const FlowType& type, const std::vector<float>& values, const Shades& shades,
                       int most_side) {
  const auto larger = static_cast<int>(std::max(type.height, type.width));
  const int by = std::max(1, (larger + most_side - 1) / most_side);
  SmallPicture small{static_cast<int>(type.channels),
                     std::max(1, static_cast<int>(type.height) / by),
                     std::max(1, static_cast<int>(type.width) / by),
                     {}};
  small.values.resize(static_cast<size_t>(small.channels) * small.height * small.width);
  size_t out = 0;
  for (int c = 0; c < small.channels; ++c) {
    const float* const plane = values.data() + c * type.height * type.width;
    for (int y = 0; y < small.height; ++y) {
      for (int x = 0; x < small.width; ++x) {
        float sum = 0;
        int count = 0;
        for (int dy = 0; dy < by && y * by + dy < type.height; ++dy) {
          for (int dx = 0; dx < by && x * by + dx < type.width; ++dx, ++count)
            sum += plane[(y * by + dy) * type.width + x * by + dx];
        }
        small.values[out++] = shades(sum / static_cast<float>(count));
      }
    }
  }
  return small;
}

void SetPicture(const SmallPicture& picture, ReportData::Thumbnail& thumbnail) {
  thumbnail.set_width(picture.width);
  thumbnail.set_height(picture.height);
  thumbnail.set_png(
      EncodePng(picture.values.data(), {picture.channels, picture.height, picture.width}));
}

std::string SheetOf(const std::vector<SmallPicture>& pictures, int columns) {
  if (pictures.empty()) return "";
  const SmallPicture& first = pictures.front();
  const int rows = (static_cast<int>(pictures.size()) + columns - 1) / columns;
  const int height = rows * first.height, width = columns * first.width;
  std::vector<float> sheet(static_cast<size_t>(first.channels) * height * width);
  for (size_t i = 0; i < pictures.size(); ++i) {
    const int top = static_cast<int>(i) / columns * first.height;
    const int left = static_cast<int>(i) % columns * first.width;
    for (int c = 0; c < first.channels; ++c) {
      for (int y = 0; y < first.height; ++y) {
        std::copy_n(pictures[i].values.data() + (c * first.height + y) * first.width, first.width,
                    sheet.data() + (static_cast<int64_t>(c) * height + top + y) * width + left);
      }
    }
  }
  return EncodePng(sheet.data(), {first.channels, height, width});
}

std::string TextOf(const Sample& sample, const Tokenizer& tokenizer) {
  constexpr size_t kTokens = 24;
  std::vector<int32_t> ids;
  for (int32_t i = 0; i < sample.length && ids.size() < kTokens; ++i) {
    const int32_t id = sample.tokens[static_cast<size_t>(i)];
    const Tokenizer::SpecialIds special = tokenizer.special();
    if (id != special.cls && id != special.sep && id != special.pad) ids.push_back(id);
  }
  return absl::StrCat(tokenizer.Decode(ids), ids.size() == kTokens ? " …" : "");
}

}  // namespace pretext
