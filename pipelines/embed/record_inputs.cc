#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file/changed_file.h"
#include "base/file/mapped_file.h"
#include "base/gzip_file/gzip_file.h"
#include "datasets/cifar/cifar_file.h"
#include "datasets/idx_images/idx.h"
#include "pipelines/embed/picture_inputs.h"

namespace pretext {
namespace {

// An image of this file must be one of the encoder's own size: it is in no format that says how it
// is to be looked at.
absl::Status CheckSize(const std::string& path, const FlowType& found, const FlowType& wanted) {
  if (found == wanted) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": holds ", found.ToString(), ", and this encoder was trained on ", wanted.ToString(),
      "; pictures of any size are embedded from files of their own, PNG, JPEG, WebP or BMP"));
}

// Records of bytes, read or mapped, a block at a time.
class Records : public Input {
 public:
  Records(std::string path, int64_t count, std::vector<std::string> classes, int64_t block,
          PictureSamples pictures)
      : path_(std::move(path)),
        count_(count),
        classes_(std::move(classes)),
        block_(block),
        pictures_(std::move(pictures)) {}

  std::vector<std::string> classes() const override { return classes_; }
  double share() const override { return static_cast<double>(next_) / static_cast<double>(count_); }
  absl::Status Next(InputBlock& block) override {
    const int64_t end = std::min(count_, next_ + block_);
    block.names.clear();
    block.labels.clear();
    block.samples.resize(static_cast<size_t>(end - next_));
    if (absl::Status status = Take(next_, end, block); !status.ok()) return status;
    for (; next_ < end; ++next_) block.names.push_back(absl::StrCat(path_, "#", next_));
    return absl::OkStatus();
  }

 protected:
  // Fills the samples, and the labels if there are any, of the records [begin, end).
  virtual absl::Status Take(int64_t begin, int64_t end, InputBlock& block) = 0;

  const std::string path_;
  const int64_t count_;
  const std::vector<std::string> classes_;
  const int64_t block_;
  const PictureSamples pictures_;

 private:
  int64_t next_ = 0;
};

class IdxRecords : public Records {
 public:
  IdxRecords(std::string path, int64_t count, std::vector<uint8_t> labels,
             std::vector<std::string> classes, int64_t block, PictureSamples pictures,
             GzipFile file)
      : Records(std::move(path), count, std::move(classes), block, std::move(pictures)),
        labels_(std::move(labels)),
        file_(std::move(file)) {}
  bool labelled() const override { return !labels_.empty(); }

 protected:
  absl::Status Take(int64_t begin, int64_t end, InputBlock& block) override {
    const int64_t size = pictures_.type().size();
    pixels_.resize(static_cast<size_t>((end - begin) * size));
    const int64_t got = file_.Read(pixels_.data(), static_cast<int64_t>(pixels_.size()));
    if (got < static_cast<int64_t>(pixels_.size())) {
      return absl::DataLossError(absl::StrCat(path_, ": ends in image ", begin + got / size, " of ",
                                              count_, file_.Fault()));
    }
    for (int64_t i = begin; i < end; ++i) {
      pictures_.FromBytes(pixels_.data() + (i - begin) * size,
                          block.samples[static_cast<size_t>(i - begin)]);
      if (labelled()) block.labels.push_back(labels_[static_cast<size_t>(i)]);
    }
    uint8_t extra;
    if (end < count_ || begin == end) return absl::OkStatus();
    // Beyond the last byte a compressed file compares its checksum.
    const int64_t more = file_.Read(&extra, 1);
    if (more == 0 && file_.Fault().empty()) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat(
        path_, ": is not what its header says: ", more > 0 ? "there is more behind its images" : "",
        file_.Fault()));
  }

 private:
  const std::vector<uint8_t> labels_;
  GzipFile file_;
  std::vector<uint8_t> pixels_;
};

class CifarRecords : public Records {
 public:
  CifarRecords(std::string path, const CifarLayout& layout, int64_t count,
               std::vector<std::string> classes, int64_t block, PictureSamples pictures,
               MappedFile file)
      : Records(std::move(path), count, std::move(classes), block, std::move(pictures)),
        layout_(layout),
        file_(std::move(file)) {}
  bool labelled() const override { return true; }

 protected:
  absl::Status Take(int64_t begin, int64_t end, InputBlock& block) override {
    for (int64_t i = begin; i < end; ++i) {
      const auto* const record =
          reinterpret_cast<const uint8_t*>(file_.contents().data()) + i * layout_.record();
      const absl::StatusOr<int32_t> label = LabelOfRecord(path_, layout_, i, record);
      if (!label.ok()) {
        return absl::InvalidArgumentError(absl::StrCat(
            label.status().message(), ": these are no CIFAR-", layout_.classes, " records"));
      }
      block.labels.push_back(*label);
      pictures_.FromBytes(record + layout_.label_bytes,
                          block.samples[static_cast<size_t>(i - begin)]);
    }
    return absl::OkStatus();
  }

 private:
  const CifarLayout layout_;
  const MappedFile file_;
};

// The encoder's names for its classes, where it has as many, or of records that say nothing of
// theirs where it has a name for each label.
std::vector<std::string> ClassNames(const TrainedEncoder& trained, int64_t classes,
                                    bool or_more = false) {
  const int64_t names = trained.file.class_name_size();
  if (names != classes && !(or_more && names > classes && classes > 0)) return {};
  return {trained.file.class_name().begin(), trained.file.class_name().end()};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Input>> OpenIdx(const InputOptions& options,
                                               const TrainedEncoder& trained,
                                               PictureSamples pictures) {
  constexpr int64_t kHeader = 16;
  const std::string& path = options.input;
  const absl::StatusOr<IdxImageFile> header = ReadIdxImageHeader(path);
  if (!header.ok()) return header.status();
  const FlowType found = FlowType::Image(1, header->height, header->width);
  if (auto s = CheckSize(path, found, pictures.type()); !s.ok()) return s;
  std::vector<uint8_t> labels;
  if (!options.labels.empty()) {
    absl::StatusOr<std::vector<uint8_t>> read = ReadIdxLabels(options.labels, header->count, path);
    if (!read.ok()) return read.status();
    labels = *std::move(read);
  }
  absl::StatusOr<GzipFile> file = GzipFile::Open(path, "IDX images");
  if (!file.ok()) return file.status();
  uint8_t skipped[kHeader];
  if (file->Read(skipped, kHeader) < kHeader) {
    return ChangedWhileUsed(path);
  }
  const int64_t classes =
      labels.empty() ? 0 : int64_t{*std::max_element(labels.begin(), labels.end())} + 1;
  std::vector<std::string> names = ClassNames(trained, classes, /*or_more=*/true);
  return std::make_unique<IdxRecords>(path, header->count, std::move(labels), std::move(names),
                                      options.block, std::move(pictures), *std::move(file));
}

absl::StatusOr<std::unique_ptr<Input>> OpenCifar(const InputOptions& options,
                                                 const TrainedEncoder& trained,
                                                 PictureSamples pictures) {
  const std::string& path = options.input;
  if (!options.labels.empty()) {
    return absl::InvalidArgumentError("--labels: CIFAR's records have theirs in them");
  }
  absl::StatusOr<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  const auto bytes = static_cast<int64_t>(file->contents().size());
  const CifarLayout layout = LayoutOfSize(bytes);
  const absl::StatusOr<int64_t> count = CountCifarRecords(path, layout);
  if (!count.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": ", bytes, " bytes are no whole number of CIFAR records, neither of ",
        kCifar10.record(), " bytes (CIFAR-10) nor of ", kCifar100.record(), " (CIFAR-100)"));
  }
  if (auto s = CheckSize(path, FlowType::Image(3, 32, 32), pictures.type()); !s.ok()) return s;
  return std::make_unique<CifarRecords>(path, layout, *count, ClassNames(trained, layout.classes),
                                        options.block, std::move(pictures), *std::move(file));
}

}  // namespace pretext
