#include "datasets/image_folder/picture_store.h"

#include <algorithm>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"

namespace pretext {
namespace {

using Form = PictureStore::Form;

// Pixels that are decoded before they are written, in bytes; one picture may have more.
constexpr int64_t kBlock = int64_t{64} << 20;

int64_t SizeOf(const LoadedPicture& picture, const Form& form) {
  if (!form.own_size) return form.target.shape.size();
  return int64_t{form.target.shape.channels} * picture.height * picture.width;
}

std::vector<int64_t> Begins(const std::vector<LoadedPicture>& pictures, const Form& form) {
  std::vector<int64_t> begins;
  int64_t at = 0;
  for (const LoadedPicture& picture : pictures) {
    begins.push_back(at);
    at += SizeOf(picture, form);
  }
  return begins;
}

absl::Status DecodeInto(const std::string& path, const LoadedPicture& like, const Form& form,
                        uint8_t* out) {
  thread_local std::string bytes;
  thread_local Picture picture;
  thread_local PictureScratch scratch;
  DecodeOptions options = OptionsFor(form.target);
  if (form.own_size) options.reduction = 1;
  if (absl::Status status = ReadPicture(path, options, bytes, picture); !status.ok()) return status;
  if (ContentOf(bytes) != like.content) return ChangedSince(path, like);
  if (form.own_size) {
    std::copy(picture.pixels.begin(), picture.pixels.end(), out);
  } else {
    ResizeToBytes(picture.pixels.data(), picture.shape, form.target.shape, form.target.fit, scratch,
                  out);
  }
  return absl::OkStatus();
}

// Pictures [first, last) to out + begins[i] - begins[first]; the fault of the first that has one.
absl::Status DecodeAll(const std::vector<std::string>& paths,
                       const std::vector<LoadedPicture>& pictures, const Form& form,
                       const std::vector<int64_t>& begins, int64_t first, int64_t last,
                       uint8_t* out) {
  absl::Status failed;
  int64_t failed_at = last;
#pragma omp parallel for schedule(dynamic, 4)
  for (int64_t i = first; i < last; ++i) {
    const auto at = static_cast<size_t>(i);
    absl::Status status;
    try {
      status = DecodeInto(paths[at], pictures[at], form,
                          out + begins[at] - begins[static_cast<size_t>(first)]);
    } catch (const std::bad_alloc&) {
      status = absl::ResourceExhaustedError(paths[at] + ": there is no memory for it");
    }
    if (status.ok()) continue;
#pragma omp critical
    if (i < failed_at) {
      failed = status;
      failed_at = i;
    }
  }
  return failed;
}

absl::Status WriteCache(const std::string& path, const std::string& key, FileRights rights,
                        const std::vector<std::string>& paths,
                        const std::vector<LoadedPicture>& pictures, const Form& form,
                        const std::vector<int64_t>& begins) {
  absl::StatusOr<std::unique_ptr<CacheFileWriter>> file = CacheFileWriter::Create(path, rights);
  if (!file.ok()) return file.status();
  std::vector<uint8_t> block;
  const auto count = static_cast<int64_t>(paths.size());
  for (int64_t first = 0, last = 0; first < count; first = last) {
    int64_t bytes = 0;
    do {
      bytes += SizeOf(pictures[static_cast<size_t>(last++)], form);
    } while (last < count && bytes + SizeOf(pictures[static_cast<size_t>(last)], form) <= kBlock);
    block.resize(static_cast<size_t>(bytes));
    absl::Status status = DecodeAll(paths, pictures, form, begins, first, last, block.data());
    if (status.ok()) status = (*file)->Append("pixels", block.data(), block.size());
    if (!status.ok()) return status;
  }
  return (*file)->Finish(key);
}

}  // namespace

int64_t BytesOf(const std::vector<LoadedPicture>& pictures, const Form& form) {
  int64_t bytes = 0;
  for (const LoadedPicture& picture : pictures) bytes += SizeOf(picture, form);
  return bytes;
}

PictureStore::PictureStore(std::vector<uint8_t> rows, int64_t row_size)
    : memory_(std::move(rows)), data_(memory_.data()) {
  const auto size = static_cast<int64_t>(memory_.size());
  for (int64_t at = 0; at < size; at += row_size) begins_.push_back(at);
}

absl::StatusOr<PictureStore> PictureStore::InMemory(const std::vector<std::string>& paths,
                                                    const std::vector<LoadedPicture>& pictures,
                                                    const Form& form) {
  PictureStore store;
  store.begins_ = Begins(pictures, form);
  store.memory_.resize(static_cast<size_t>(BytesOf(pictures, form)));
  store.data_ = store.memory_.data();
  const absl::Status status = DecodeAll(paths, pictures, form, store.begins_, 0,
                                        static_cast<int64_t>(paths.size()), store.memory_.data());
  if (!status.ok()) return status;
  return store;
}

absl::StatusOr<PictureStore> PictureStore::InCache(const std::vector<std::string>& paths,
                                                   const std::vector<LoadedPicture>& pictures,
                                                   const Form& form, const CacheDirectory& cache) {
  const std::string key =
      absl::StrCat(PictureKey(paths, form.target), form.own_size ? "\nown size" : "");
  const std::string path = PictureCachePath(cache, "pixels", key);
  PictureStore store;
  store.begins_ = Begins(pictures, form);
  absl::StatusOr<std::unique_ptr<CacheFile>> file = CacheFile::Open(path, key);
  if (!file.ok()) {
    const absl::Status written =
        WriteCache(path, key, cache.rights, paths, pictures, form, store.begins_);
    if (!written.ok()) return written;
    file = CacheFile::Open(path, key);
    if (!file.ok()) return file.status();
  }
  if ((*file)->Count<uint8_t>("pixels") != BytesOf(pictures, form)) {
    return absl::DataLossError(path + ": is not of these pictures; remove it");
  }
  store.file_ = *std::move(file);
  store.data_ = store.file_->Data<uint8_t>("pixels");
  return store;
}

}  // namespace pretext
