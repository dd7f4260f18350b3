#include "embedder/embedder.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/boundary.h"
#include "core/plugin/registry.h"
#include "pipelines/embed/array_samples.h"
#include "pipelines/embed/batch_encoder.h"
#include "pipelines/embed/picture_samples.h"

namespace pretext {

struct Embedder::Parts {
  explicit Parts(BatchEncoder opened) : encoder(std::move(opened)) {}

  std::mutex turn;                         // in the encoder
  BatchEncoder encoder;                    // under `turn`, but for trained()
  std::optional<PictureSamples> pictures;  // where a file can become a sample
  absl::Status no_pictures;                // else why not
  std::optional<ArraySamples> arrays;      // where it was trained on arrays
};

namespace {

// What `make` returns, or the status of what a library throws in it.
absl::StatusOr<Embeddings> Guarded(const std::function<absl::StatusOr<Embeddings>()>& make) {
  absl::StatusOr<Embeddings> result = absl::UnknownError("");
  const absl::Status status = CatchExceptions([&] {
    result = make();
    return absl::OkStatus();
  });
  return status.ok() ? std::move(result) : status;
}

absl::Status NotOf(const TrainedEncoder& trained, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat(
      trained.path, ": embeds no ", what, ": it was trained on ", trained.sample.ToString()));
}

absl::Status CheckCount(int64_t count) {
  if (count >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("there cannot be ", count, " of them"));
}

}  // namespace

Embedder::Embedder(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Embedder::Embedder(Embedder&&) noexcept = default;
Embedder& Embedder::operator=(Embedder&&) noexcept = default;
Embedder::~Embedder() = default;

absl::StatusOr<Embedder> Embedder::Open(const std::string& path) {
  std::unique_ptr<Parts> parts;
  const absl::Status status = CatchExceptions([&]() -> absl::Status {
    absl::StatusOr<BatchEncoder> encoder = BatchEncoder::Open(path);
    if (!encoder.ok()) return encoder.status();
    parts = std::make_unique<Parts>(*std::move(encoder));
    absl::StatusOr<PictureSamples> pictures = PictureSamples::Create(parts->encoder.trained());
    parts->no_pictures = pictures.status();
    if (pictures.ok()) parts->pictures = *std::move(pictures);
    if (!parts->encoder.trained().file.has_arrays()) return absl::OkStatus();
    absl::StatusOr<ArraySamples> arrays = ArraySamples::Create(parts->encoder.trained());
    if (arrays.ok()) parts->arrays = *std::move(arrays);
    return arrays.status();
  });
  if (!status.ok()) return status;
  return Embedder(std::move(parts));
}

Embedder::Kind Embedder::kind() const {
  if (parts_->encoder.of_text()) return Kind::kTexts;
  const bool image = parts_->encoder.trained().sample.is(FlowType::Kind::kImage);
  return image ? Kind::kPictures : Kind::kVectors;
}

int64_t Embedder::width() const { return parts_->encoder.width(); }

int64_t Embedder::sample_size() const {
  return kind() == Kind::kTexts ? 0 : parts_->encoder.trained().sample.size();
}

std::vector<int64_t> Embedder::picture_shape() const {
  const FlowType& sample = parts_->encoder.trained().sample;
  if (!sample.is(FlowType::Kind::kImage)) return {};
  return {sample.channels, sample.height, sample.width};
}

std::string Embedder::description() const {
  const TrainedEncoder& trained = parts_->encoder.trained();
  return absl::StrCat("vectors of ", width(), " of ", trained.sample.ToString(), "; encoder ",
                      TypeNameOf(trained.file.encoder()), ", run ", trained.file.name(),
                      trained.file.has_step() ? absl::StrCat(", step ", trained.file.step()) : "");
}

absl::StatusOr<Embeddings> Embedder::EmbedValues(const float* values, int64_t count) const {
  const TrainedEncoder& trained = parts_->encoder.trained();
  if (kind() == Kind::kTexts) return NotOf(trained, "numbers");
  if (absl::Status status = CheckCount(count); !status.ok()) return status;
  return Guarded([&]() -> absl::StatusOr<Embeddings> {
    Embeddings result{.count = count, .width = width(), .values = {}};
    const int64_t size = sample_size();
    std::vector<Sample> samples;
    for (int64_t begin = 0; begin < count; begin += BatchEncoder::kBatch) {
      const int64_t end = std::min(count, begin + BatchEncoder::kBatch);
      samples.resize(static_cast<size_t>(end - begin));
      for (int64_t n = begin; n < end; ++n) {
        Sample& sample = samples[static_cast<size_t>(n - begin)];
        const float* const from = values + n * size;
        if (parts_->arrays) {
          const absl::Status made =
              parts_->arrays->Make(NumberType::kF32, {from, from + size}, sample);
          if (!made.ok()) {
            return absl::InvalidArgumentError(absl::StrCat("sample ", n, ": ", made.message()));
          }
        } else if (parts_->pictures) {
          parts_->pictures->FromUnit(from, sample);
        } else {
          sample.type = trained.sample;
          sample.values.assign(from, from + size);
        }
      }
      const std::lock_guard lock(parts_->turn);
      const absl::StatusOr<Rows> rows = parts_->encoder.OfSamples(samples);
      if (!rows.ok()) return rows.status();
      result.values.insert(result.values.end(), rows->values.begin(), rows->values.end());
    }
    return result;
  });
}

absl::StatusOr<Embeddings> Embedder::EmbedPictures(const std::vector<std::string>& paths,
                                                   std::vector<absl::Status>* faults) const {
  if (!parts_->pictures) return parts_->no_pictures;
  return Guarded([&]() -> absl::StatusOr<Embeddings> {
    const auto count = static_cast<int64_t>(paths.size());
    Embeddings result{.count = count, .width = width(), .values = {}};
    result.values.resize(static_cast<size_t>(count * result.width));
    if (faults != nullptr) faults->assign(paths.size(), absl::OkStatus());
    for (size_t begin = 0; begin < paths.size(); begin += BatchEncoder::kBatch) {
      const size_t end = std::min(paths.size(), begin + BatchEncoder::kBatch);
      const auto from = paths.begin() + static_cast<std::ptrdiff_t>(begin);
      const std::vector<std::string> block(from, from + static_cast<std::ptrdiff_t>(end - begin));
      std::vector<Sample> samples;
      std::vector<size_t> read;
      std::vector<absl::Status> unread(block.size(), absl::OkStatus());
      parts_->pictures->FromFiles(block, samples, read, unread);
      for (size_t i = 0; i < unread.size(); ++i) {
        if (unread[i].ok()) continue;
        if (faults == nullptr) return unread[i];
        (*faults)[begin + i] = unread[i];
      }
      const std::lock_guard lock(parts_->turn);
      const absl::StatusOr<Rows> rows = parts_->encoder.OfSamples(samples);
      if (!rows.ok()) return rows.status();
      for (size_t i = 0; i < read.size(); ++i) {
        std::copy_n(rows->values.data() + static_cast<int64_t>(i) * result.width, result.width,
                    result.values.data() + static_cast<int64_t>(begin + read[i]) * result.width);
      }
    }
    return result;
  });
}

absl::StatusOr<Embeddings> Embedder::EmbedTexts(const std::vector<std::string>& texts) const {
  if (kind() != Kind::kTexts) return NotOf(parts_->encoder.trained(), "texts");
  return Guarded([&]() -> absl::StatusOr<Embeddings> {
    Embeddings result{.count = static_cast<int64_t>(texts.size()), .width = width(), .values = {}};
    TextCounts counts;
    const std::lock_guard lock(parts_->turn);
    absl::StatusOr<Rows> rows = parts_->encoder.OfTexts(texts, &counts);
    if (!rows.ok()) return rows.status();
    result.values = std::move(rows->values);
    return result;
  });
}

}  // namespace pretext
