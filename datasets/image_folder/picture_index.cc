#include "datasets/image_folder/picture_index.h"

#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "datasets/cache_file/cache_file.h"

namespace pretext {
namespace {

constexpr char kFormat[] = "pretext pictures 1";

// Before the key of an index: what its entries are.
constexpr char kEntries[] = "entries 2\n";

// A LoadedPicture in a file. Its fault, if any, is the next of the text.
struct Entry {
  uint64_t sum[3], square[3];
  int64_t file_bytes, fault_bytes;
  int32_t height, width;
  uint32_t content;
  uint16_t flags, reduction;
};
constexpr uint16_t kTransparent = 1, kTurned = 2;

bool ReadIndex(const std::string& path, const std::string& key, size_t count,
               std::vector<LoadedPicture>& pictures) {
  const absl::StatusOr<std::unique_ptr<CacheFile>> file = CacheFile::Open(path, key);
  if (!file.ok() || (*file)->Count<Entry>("entries") != static_cast<int64_t>(count)) return false;
  std::string_view faults = (*file)->Section("faults");
  pictures.resize(count);
  const auto told_by = std::make_shared<const std::string>(path);
  for (size_t i = 0; i < count; ++i) {
    const Entry& entry = (*file)->Data<Entry>("entries")[i];
    LoadedPicture& picture = pictures[i];
    std::copy_n(entry.sum, 3, picture.sum.begin());
    std::copy_n(entry.square, 3, picture.square.begin());
    picture.transparent = (entry.flags & kTransparent) != 0;
    picture.turned = (entry.flags & kTurned) != 0;
    picture.height = entry.height;
    picture.width = entry.width;
    picture.reduction = entry.reduction;
    picture.file_bytes = entry.file_bytes;
    picture.content = entry.content;
    picture.told_by = told_by;
    if (entry.fault_bytes == 0) continue;
    const auto size = static_cast<size_t>(entry.fault_bytes);
    if (size > faults.size()) return false;
    picture.status = absl::InvalidArgumentError(std::string(faults.substr(0, size)));
    faults.remove_prefix(size);
  }
  return true;
}

absl::Status WriteIndex(const std::string& path, FileRights rights, const std::string& key,
                        const std::vector<LoadedPicture>& pictures) {
  absl::StatusOr<std::unique_ptr<CacheFileWriter>> file = CacheFileWriter::Create(path, rights);
  if (!file.ok()) return file.status();
  absl::Status status = (*file)->Declare("faults");
  for (const LoadedPicture& picture : pictures) {
    const absl::string_view fault = picture.status.message();
    Entry entry = {.file_bytes = picture.file_bytes,
                   .fault_bytes = static_cast<int64_t>(fault.size()),
                   .height = picture.height,
                   .width = picture.width,
                   .content = picture.content,
                   .flags = static_cast<uint16_t>((picture.transparent ? kTransparent : 0) |
                                                  (picture.turned ? kTurned : 0)),
                   .reduction = static_cast<uint16_t>(picture.reduction)};
    std::copy_n(picture.sum.begin(), 3, entry.sum);
    std::copy_n(picture.square.begin(), 3, entry.square);
    if (status.ok()) status = (*file)->Append("entries", &entry, sizeof(entry));
    if (status.ok()) status = (*file)->Append("faults", fault.data(), fault.size());
  }
  return status.ok() ? (*file)->Finish(key) : status;
}

}  // namespace

std::string PictureKey(const std::vector<std::string>& paths, const PictureTarget& target) {
  const ImageShape& shape = target.shape;
  std::string key = absl::StrCat(kFormat, "\n", shape.channels, " ", shape.height, " ", shape.width,
                                 " ", target.fit == PictureFit::kCrop ? "crop" : "stretch");
  for (const int x : target.background) absl::StrAppend(&key, " ", x);
  for (const std::string& path : paths) {
    struct stat info = {};
    if (stat(path.c_str(), &info) != 0) info = {};
    // Which file it is, and when it was changed in any way: another one may have the same name,
    // size and time of writing, in another folder or copied over it.
    absl::StrAppendFormat(&key, "\n%d %d %d %d.%09d %d.%09d %s", info.st_dev, info.st_ino,
                          info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec,
                          info.st_ctim.tv_sec, info.st_ctim.tv_nsec, path);
  }
  return key;
}

std::string PictureCachePath(const CacheDirectory& cache, const std::string& what,
                             const std::string& key) {
  return absl::StrFormat("%s/%s-%08x-%x.cache", cache.path, what, ContentOf(key), key.size());
}

std::vector<LoadedPicture> IndexPictures(const std::vector<std::string>& paths,
                                         const PictureTarget& target, const CacheDirectory& cache) {
  const std::string key = kEntries + PictureKey(paths, target);
  const std::string path = PictureCachePath(cache, "pictures", key);
  std::vector<LoadedPicture> pictures;
  if (ReadIndex(path, key, paths.size(), pictures)) return pictures;
  pictures = LoadPictures(paths, target, nullptr);
  // What is wrong with a file's bytes, or is not known of its format, lasts as they do. Another
  // fault may be gone next time: a file that may not be read, a disk that does not answer, no
  // memory.
  const bool lasts =
      std::all_of(pictures.begin(), pictures.end(), [](const LoadedPicture& picture) {
        const absl::Status& status = picture.status;
        return status.ok() || absl::IsInvalidArgument(status) || absl::IsUnimplemented(status);
      });
  if (lasts) WriteIndex(path, cache.rights, key, pictures).IgnoreError();
  return pictures;
}

}  // namespace pretext
