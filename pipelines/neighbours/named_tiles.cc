#include "pipelines/neighbours/named_tiles.h"

#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/file/is_there.h"
#include "datasets/cifar/cifar_file.h"
#include "datasets/idx_images/idx.h"
#include "datasets/image_folder/picture_loader.h"
#include "pipelines/embed/picture_file_kind.h"

namespace pretext {
namespace {

constexpr int kSide = 96;

struct Images {
  ImageShape shape;
  std::vector<uint8_t> pixels;
};

// All images of a file of records.
absl::StatusOr<Images> ReadRecords(const std::string& path) {
  const absl::StatusOr<PictureFileKind> kind = PictureFileKindOf(path);
  if (!kind.ok()) return kind.status();
  if (kind->holds != PictureFileKind::kCifarRecords) {
    absl::StatusOr<IdxImageFile> file = ReadIdxImages(path);
    if (!file.ok()) return file.status();
    return Images{{1, static_cast<int>(file->height), static_cast<int>(file->width)},
                  std::move(file->pixels)};
  }
  Images images{{3, 32, 32}, {}};
  std::vector<int32_t> labels;
  const absl::Status read = ReadCifarFile(path, images.pixels, labels);
  return read.ok() ? absl::StatusOr<Images>(std::move(images)) : read;
}

Tile TileOfBytes(const ImageShape& shape, const uint8_t* pixels) {
  Tile tile{shape, {}};
  for (int64_t i = 0; i < shape.size(); ++i) {
    tile.pixels.push_back(static_cast<float>(pixels[i]) / 255.0f);
  }
  return tile;
}

// A record that is wanted: which tile it becomes.
struct Wanted {
  int64_t index = 0;
  size_t tile = 0;
};

// PATH and INDEX of "PATH#INDEX"; false for the name of a picture, which may end so itself.
bool SplitName(const std::string& name, std::string& path, int64_t& index) {
  const size_t mark = name.rfind('#');
  if (mark == std::string::npos || !absl::SimpleAtoi(name.substr(mark + 1), &index)) return false;
  if (IsThere(name, PathKind::kFile)) return false;
  path = name.substr(0, mark);
  return true;
}

absl::Status TakePictures(const std::vector<std::string>& paths, const std::vector<size_t>& places,
                          std::vector<Tile>& tiles) {
  const PictureTarget target{.shape = {3, kSide, kSide}};
  const auto size = static_cast<size_t>(target.shape.size());
  std::vector<uint8_t> pixels(paths.size() * size);
  const std::vector<LoadedPicture> loaded = LoadPictures(paths, target, pixels.data());
  for (size_t i = 0; i < paths.size(); ++i) {
    if (!loaded[i].status.ok()) return loaded[i].status;
    tiles[places[i]] = TileOfBytes(target.shape, pixels.data() + i * size);
  }
  return absl::OkStatus();
}

absl::Status TakeRecords(const std::string& path, const std::vector<Wanted>& wanted,
                         std::vector<Tile>& tiles) {
  const absl::StatusOr<Images> images = ReadRecords(path);
  if (!images.ok()) return images.status();
  const int64_t size = images->shape.size();
  const int64_t count = static_cast<int64_t>(images->pixels.size()) / size;
  for (const Wanted& one : wanted) {
    if (one.index < 0 || one.index >= count) {
      return absl::NotFoundError(absl::StrCat(path, ": has no image ", one.index));
    }
    tiles[one.tile] = TileOfBytes(images->shape, images->pixels.data() + one.index * size);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Tile>> TilesOf(const std::vector<std::string>& names) {
  std::vector<std::string> pictures;
  std::vector<size_t> places;  // of the pictures' tiles
  std::map<std::string, std::vector<Wanted>> files;
  for (size_t i = 0; i < names.size(); ++i) {
    std::string path;
    int64_t index = 0;
    if (SplitName(names[i], path, index)) {
      files[path].push_back({index, i});
    } else {
      pictures.push_back(names[i]);
      places.push_back(i);
    }
  }
  std::vector<Tile> tiles(names.size());
  if (absl::Status status = TakePictures(pictures, places, tiles); !status.ok()) return status;
  for (const auto& [path, wanted] : files) {
    if (absl::Status status = TakeRecords(path, wanted, tiles); !status.ok()) return status;
  }
  return tiles;
}

}  // namespace pretext
