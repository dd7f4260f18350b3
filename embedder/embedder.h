// A trained encoder in a program of yours: open it, and make vectors of pictures, numbers or texts.
//
//   absl::StatusOr<pretext::Embedder> embedder = pretext::Embedder::Open("runs/mine");
//   if (!embedder.ok()) …
//   absl::StatusOr<pretext::Embeddings> vectors = embedder->EmbedPictures({"cat.png", "dog.jpg"});
//
// Link @pretext//:embedder, which has the plugins of pretext in it; an encoder of a plugin of yours
// needs //embedder and that plugin. There are no flags and nothing global to set up. No function
// throws or ends the process: what is wrong is a Status, which names the file at fault.
//
// Numbers are those of the run's own evaluation: the encoder in evaluation mode, h pooled to one
// vector, and a file on its way to it as the training's were (docs/encoder.md).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pretext {

// N vectors of D numbers, row-major.
struct Embeddings {
  int64_t count = 0;          // N
  int64_t width = 0;          // D
  std::vector<float> values;  // [N, D]

  const float* row(int64_t n) const { return values.data() + n * width; }
};

// All functions may be called from several threads at once, on one object: files are read and
// decoded side by side, and the threads take turns in the encoder, which uses all cores by itself
// (OpenMP: OMP_NUM_THREADS sets how many). A vector does not depend on which thread asks.
class Embedder {
 public:
  // What the encoder was trained on.
  enum class Kind { kPictures, kVectors, kTexts };

  // A run, RUN/checkpoints/best, or the folder of an encoder, RUN/encoder, wherever it was copied.
  static absl::StatusOr<Embedder> Open(const std::string& path);
  Embedder(Embedder&&) noexcept;
  Embedder& operator=(Embedder&&) noexcept;
  ~Embedder();

  Kind kind() const;
  int64_t width() const;  // D
  // Numbers of one sample: C·H·W of pictures, D of vectors, 0 of texts.
  int64_t sample_size() const;
  // C, H and W of pictures, else empty: what EmbedValues takes, and files are resized to.
  std::vector<int64_t> picture_shape() const;
  // "vectors of 128 of image 3×32×32; encoder pretext.ResNet, run cifar10_simclr, step 9700"
  std::string description() const;

  // Of samples [N, C, H, W] or [N, D]: pictures with values in [0, 1], as bytes / 255; of an
  // encoder that was trained on arrays the numbers of a file of float32, scaled here as they were
  // there. An error names the first sample that is not finite, or outside what the encoder was
  // trained on.
  absl::StatusOr<Embeddings> EmbedValues(const float* values, int64_t count) const;
  // Of files: PNG, JPEG, WebP or BMP of any size. `faults`, where it is not null, gets a Status for
  // each path, and the vector of one that cannot be read is zero; without it that is an error.
  absl::StatusOr<Embeddings> EmbedPictures(const std::vector<std::string>& paths,
                                           std::vector<absl::Status>* faults = nullptr) const;
  // Of texts in UTF-8. One that is longer than the encoder takes is split, and its vector is the
  // mean of its parts', weighted by their tokens.
  absl::StatusOr<Embeddings> EmbedTexts(const std::vector<std::string>& texts) const;

 private:
  struct Parts;
  explicit Embedder(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace pretext
