#include "pipelines/neighbours/named_tiles.h"

#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "datasets/cifar/cifar_file.h"
#include "datasets/idx_images/idx.h"
#include "datasets/image_folder/picture_loader.h"

namespace pretext {
namespace {

constexpr int kSide = 96;

struct Images {
  ImageShape shape;
  std::vector<uint8_t> pixels;
};

// All images of a file of records.
absl::StatusOr<Images> ReadRecords(const std::string& path) {
  if (!absl::EndsWith(path, ".bin")) {
    absl::StatusOr<IdxImageFile> file = ReadIdxImages(path);
    if (!file.ok()) return file.status();
    return Images{{1, static_cast<int>(file->height), static_cast<int>(file->width)},
                  std::move(file->pixels)};
  }
  const absl::StatusOr<int64_t> ten = CountCifarRecords(path, kCifar10);
  const CifarLayout layout = ten.ok() ? kCifar10 : kCifar100;
  const absl::StatusOr<int64_t> count = CountCifarRecords(path, layout);
  if (!count.ok()) return count.status();
  Images images{{3, 32, 32}, {}};
  std::vector<int32_t> labels;
  const absl::Status read = ReadCifarFile(path, layout, *count, images.pixels, labels);
  return read.ok() ? absl::StatusOr<Images>(std::move(images)) : read;
}

Tile TileOfBytes(const ImageShape& shape, const uint8_t* pixels) {
  Tile tile{shape, {}};
  for (int64_t i = 0; i < shape.size(); ++i) {
    tile.pixels.push_back(static_cast<float>(pixels[i]) / 255.0f);
  }
  return tile;
}

}  // namespace

absl::StatusOr<std::vector<Tile>> TilesOf(const std::vector<std::string>& names) {
  std::map<std::string, Images> files;
  std::vector<Tile> tiles;
  for (const std::string& name : names) {
    const size_t mark = name.rfind('#');
    int64_t index = 0;
    if (mark == std::string::npos || !absl::SimpleAtoi(name.substr(mark + 1), &index)) {
      const PictureTarget target{.shape = {3, kSide, kSide}};
      std::vector<uint8_t> pixels(static_cast<size_t>(target.shape.size()));
      const LoadedPicture loaded = LoadPictures({name}, target, pixels.data())[0];
      if (!loaded.status.ok()) return loaded.status;
      tiles.push_back(TileOfBytes(target.shape, pixels.data()));
      continue;
    }
    const std::string path = name.substr(0, mark);
    auto found = files.find(path);
    if (found == files.end()) {
      absl::StatusOr<Images> images = ReadRecords(path);
      if (!images.ok()) return images.status();
      found = files.emplace(path, *std::move(images)).first;
    }
    const Images& images = found->second;
    const int64_t size = images.shape.size();
    if (index < 0 || (index + 1) * size > static_cast<int64_t>(images.pixels.size())) {
      return absl::NotFoundError(absl::StrCat(path, ": has no image ", index));
    }
    tiles.push_back(TileOfBytes(images.shape, images.pixels.data() + index * size));
  }
  return tiles;
}

}  // namespace pretext
