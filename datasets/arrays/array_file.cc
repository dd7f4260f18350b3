#include "datasets/arrays/array_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file/looked_for_at.h"
#include "base/npy/npy_header.h"
#include "base/text/nearest.h"
#include "core/tensor/safetensors_header.h"

namespace pretext {
namespace {

std::vector<int64_t> Extents(const Shape& shape) { return {shape.begin(), shape.end()}; }

bool IsOfKind(NumberType type, size_t rank, ArrayFile::Kind kind) {
  if (kind == ArrayFile::Kind::kLabels) return rank == 1 && !IsFloating(type);
  return rank == 2 || rank == 4;
}

const char* KindText(ArrayFile::Kind kind) {
  return kind == ArrayFile::Kind::kLabels ? "labels, [N] whole numbers"
                                          : "samples, [N, D] or [N, C, H, W]";
}

// Whether a shape is that of images as PIL, matplotlib and TensorFlow have them, and hardly one of
// [N, C, H, W]: as many channels as rows, and one, three or four columns.
bool HasChannelsLast(const std::vector<int64_t>& shape) {
  if (shape.size() != 4) return false;
  const int64_t height = shape[1], width = shape[2], channels = shape[3];
  constexpr int64_t kLeastSide = 5, kPlainlyImages = 16;
  if (height == width && height >= kLeastSide) {
    return channels == 1 || channels == 3 || channels == 4;
  }
  return channels == 3 && std::min(height, width) >= kPlainlyImages;
}

// "a (5×3 of F32), b (…)"
std::string List(const std::vector<StoredTensor>& tensors) {
  std::vector<std::string> all;
  for (const StoredTensor& t : tensors) {
    all.push_back(absl::StrCat(t.name, " (", t.shape.ToString(), " of ", NameOf(t.type), ")"));
  }
  return ListOrNone(all);
}

}  // namespace

absl::StatusOr<ArrayFile> ArrayFile::Open(const std::string& path, const std::string& tensor,
                                          Kind kind) {
  absl::StatusOr<MappedFile> mapped = MappedFile::Open(path);
  if (absl::IsNotFound(mapped.status())) {
    return absl::NotFoundError(absl::StrCat(mapped.status().message(), LookedForAt(path)));
  }
  if (!mapped.ok()) return mapped.status();
  ArrayFile file;
  file.path_ = path;
  file.file_ = *std::move(mapped);
  const absl::string_view contents = file.file_.contents();
  const bool npy = absl::StartsWith(contents, "\x93NUMPY");
  // A zip of arrays, .npz, is what people most often have instead.
  if (absl::StartsWith(contents, "PK\x03\x04")) {
    return absl::InvalidArgumentError(absl::StrCat(
        path,
        " is a zip archive, such as a .npz of several arrays; save each by itself, in Python: "
        "numpy.save(\"samples.npy\", numpy.load(\"",
        path, "\")[\"NAME\"])"));
  }
  if (npy && !tensor.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " is a .npy file, one array without a name; leave \"", tensor, "\" out"));
  }
  const absl::Status opened = npy ? file.OpenNpy() : file.OpenSafetensors(tensor, kind);
  if (!opened.ok()) return opened;
  if (absl::Status status = file.CheckShape(kind); !status.ok()) return status;
  return file;
}

absl::Status ArrayFile::OpenNpy() {
  const absl::StatusOr<NpyHeader> header = ParseNpyHeader(path_, file_.contents());
  if (!header.ok()) return header.status();
  type_ = header->type;
  shape_ = header->shape;
  data_ = file_.contents().data() + header->data;
  return absl::OkStatus();
}

absl::Status ArrayFile::OpenSafetensors(const std::string& tensor, Kind kind) {
  const absl::StatusOr<SafetensorsHeader> header = ParseSafetensorsHeader(path_, file_.contents());
  if (!header.ok()) {
    return absl::Status(
        header.status().code(),
        absl::StrCat(header.status().message(), "; an array file is a .npy or a .safetensors"));
  }
  std::vector<const StoredTensor*> found;
  std::vector<std::string> names;
  const StoredTensor* usual = nullptr;
  for (const StoredTensor& t : header->tensors) {
    names.push_back(t.name);
    if (!tensor.empty() ? t.name == tensor
                        : IsOfKind(t.type, static_cast<size_t>(t.shape.rank()), kind)) {
      found.push_back(&t);
    }
    if (kind == Kind::kLabels && t.name == "labels") usual = &t;
  }
  if (tensor.empty() && usual != nullptr) found = {usual};
  if (found.empty() && !tensor.empty()) {
    return absl::NotFoundError(
        absl::StrCat(path_, " has no tensor \"", tensor, "\"",
                     NearestAndKnown(tensor, names, "It has", List(header->tensors))));
  }
  if (found.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(path_, " has ", found.empty() ? "no tensor" : "several tensors",
                     " that could be ", KindText(kind), ". It has: ", List(header->tensors),
                     found.empty() ? "" : "; name the one"));
  }
  type_ = found[0]->type;
  shape_ = Extents(found[0]->shape);
  data_ = header->BytesOf(*found[0], file_.contents()).data();
  return absl::OkStatus();
}

absl::Status ArrayFile::CheckShape(Kind kind) const {
  const size_t rank = shape_.size();
  const bool fits = kind == Kind::kLabels ? rank == 1 : rank == 2 || rank == 4;
  if (!fits) {
    return absl::InvalidArgumentError(
        absl::StrCat(path_, " is ", ToString(), "; it has to be ", KindText(kind)));
  }
  for (const int64_t size : shape_) {
    if (size == 0)
      return absl::InvalidArgumentError(absl::StrCat(path_, " is empty: ", ToString()));
  }
  if (kind == Kind::kSamples && HasChannelsLast(shape_)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path_, " is ", ToString(),
        ", which looks like [N, H, W, C]; the channels come first here, [N, C, H, W]. In Python: "
        "numpy.save(\"samples.npy\", numpy.ascontiguousarray(images.transpose(0, 3, 1, 2)))"));
  }
  return absl::OkStatus();
}

int64_t ArrayFile::row_size() const {
  int64_t size = 1;
  for (size_t i = 1; i < shape_.size(); ++i) size *= shape_[i];
  return size;
}

std::string ArrayFile::ToString() const {
  return absl::StrCat(shape_.empty() ? "a single number" : absl::StrJoin(shape_, "×"), " of ",
                      NameOf(type_));
}

void ArrayFile::Read(int64_t row, std::vector<double>& to) const {
  const int64_t size = row_size();
  to.resize(static_cast<size_t>(size));
  ToDoubles(type_, data_ + row * size * BytesOf(type_), size, to.data());
}

std::optional<int64_t> ArrayFile::WholeNumber(int64_t row) const {
  return ToWhole(type_, data_ + row * BytesOf(type_));
}

}  // namespace pretext
