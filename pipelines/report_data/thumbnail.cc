#include "pipelines/report_data/thumbnail.h"

#include "absl/strings/str_cat.h"
#include "base/image/image_io.h"

namespace pretext {

void SetPicture(const Tile& picture, ReportData::Thumbnail& thumbnail) {
  thumbnail.set_width(picture.shape.width);
  thumbnail.set_height(picture.shape.height);
  thumbnail.set_png(EncodePng(picture.pixels.data(), picture.shape));
}

Tile SheetOf(const std::vector<Tile>& pictures, int columns) {
  std::vector<std::vector<Tile>> rows;
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (i % static_cast<size_t>(columns) == 0) rows.emplace_back();
    rows.back().push_back(pictures[i]);
  }
  return ContactSheet({rows}, {.least_side = 1, .gap = 0, .group_gap = 0, .background = 0});
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
