#include "datasets/image_folder/picture_loader.h"

#include <algorithm>
#include <new>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace pretext {
namespace {

// What a thread reuses from one picture to the next.
struct Workspace {
  std::string bytes;
  Picture picture;
  PictureScratch scratch;
  std::vector<uint8_t> row;
};

void AddSums(const uint8_t* row, const ImageShape& shape, LoadedPicture& loaded) {
  for (int c = 0; c < shape.channels; ++c, row += shape.plane()) {
    uint64_t sum = 0, square = 0;
    for (int64_t p = 0; p < shape.plane(); ++p) {
      sum += row[p];
      square += uint32_t{row[p]} * row[p];
    }
    loaded.sum[static_cast<size_t>(c)] = sum;
    loaded.square[static_cast<size_t>(c)] = square;
  }
}

void LoadOne(const std::string& path, const PictureTarget& target, const DecodeOptions& options,
             Workspace& work, uint8_t* row, LoadedPicture& loaded) {
  try {
    loaded.status = ReadPicture(path, options, work.bytes, work.picture);
    if (!loaded.status.ok()) return;
    const Picture& picture = work.picture;
    loaded.transparent = picture.transparent;
    loaded.turned = picture.turned;
    loaded.height = picture.full_height;
    loaded.width = picture.full_width;
    loaded.reduction = picture.reduction;
    loaded.file_bytes = static_cast<int64_t>(work.bytes.size());
    loaded.content = ContentOf(work.bytes);
    if (row == nullptr) {
      work.row.resize(static_cast<size_t>(target.shape.size()));
      row = work.row.data();
    }
    ResizeToBytes(picture.pixels.data(), picture.shape, target.shape, target.fit, work.scratch,
                  row);
    AddSums(row, target.shape, loaded);
  } catch (const std::bad_alloc&) {
    loaded.status = absl::ResourceExhaustedError(path + ": there is no memory for it");
  }
}

}  // namespace

bool ParseColor(absl::string_view text, std::array<uint8_t, 3>& color) {
  if (text.size() != 7 || text[0] != '#') return false;
  if (text.find_first_not_of("0123456789abcdefABCDEF", 1) != absl::string_view::npos) return false;
  uint32_t value = 0;
  if (!absl::SimpleHexAtoi(text.substr(1), &value)) return false;
  for (size_t i = 0; i < color.size(); ++i) color[i] = static_cast<uint8_t>(value >> (16 - 8 * i));
  return true;
}

absl::Status ChangedSince(const std::string& path, const LoadedPicture& found) {
  return absl::DataLossError(absl::StrCat(
      path, ": was changed after it was looked at; leave pictures as they are and start again",
      found.told_by == nullptr
          ? ""
          : absl::StrCat(". What it was comes from the cache ", *found.told_by,
                         ": remove that where the picture has not changed meanwhile")));
}

DecodeOptions OptionsFor(const PictureTarget& target) {
  return {.channels = target.shape.channels,
          .least_side = 2 * std::max(target.shape.height, target.shape.width),
          .background = target.background};
}

std::vector<LoadedPicture> LoadPictures(const std::vector<std::string>& paths,
                                        const PictureTarget& target, uint8_t* pixels) {
  std::vector<LoadedPicture> loaded(paths.size());
  const DecodeOptions options = OptionsFor(target);
#pragma omp parallel
  {
    Workspace work;
#pragma omp for schedule(dynamic, 4)
    for (int64_t i = 0; i < static_cast<int64_t>(paths.size()); ++i) {
      LoadOne(paths[static_cast<size_t>(i)], target, options, work,
              pixels == nullptr ? nullptr : pixels + i * target.shape.size(),
              loaded[static_cast<size_t>(i)]);
    }
  }
  return loaded;
}

}  // namespace pretext
