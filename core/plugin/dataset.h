// Dataset: samples by index, in a training and a test split.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/flow/array_preparation.h"
#include "core/flow/batch.h"
#include "core/flow/flow_type.h"
#include "core/flow/picture_preparation.h"
#include "core/plugin/build_context.h"

namespace pretext {

class Tokenizer;

// kValidation is kept from the training split by core/loader/validation_split.h; a plugin is never
// asked for it.
enum class Split : uint8_t { kTrain, kTest, kValidation };

// What a dataset is known to hold before it is loaded, from headers and folders; zeros where that
// is not known.
struct DatasetExtent {
  int64_t train = 0, test = 0;  // samples; those that cannot be read are still among them
  bool exact = false;           // They are as many after Load too, whatever the files hold.
  double bytes = 0;             // of memory, once it is loaded
  double sample_bytes = 0;      // of a sample that waits; 0: of its values
  double thread_bytes = 0;      // that each thread keeps which makes values: what it has decoded
};

// What tells a sample from others without its values being made.
struct SampleSum {
  uint32_t content = 0;  // a checksum of what they are made from
  int32_t label = -1;
};

// Registers with PRETEXT_REGISTER_DATASET(Class, ConfigMessage); has
//   static absl::StatusOr<std::unique_ptr<Dataset>> Create(const ConfigMessage& config,
//                                                          const BuildContext& context);
// Create looks at headers only (enough for type() and to find what is wrong); Load reads the data.
class Dataset {
 public:
  virtual ~Dataset() = default;

  // Images are taken to be in [0, 1] unless the type has another range.
  virtual FlowType type() const = 0;
  virtual bool labelled() const { return false; }
  virtual int64_t classes() const { return 0; }  // labels are below it
  // Their names, by label; empty where they have but numbers.
  virtual std::vector<std::string> class_names() const { return {}; }
  // Of a dataset of pictures: how another picture's file becomes a sample as its own did. Kept with
  // the trained encoder, which is used without the dataset. Nothing before Load where it depends on
  // the data.
  virtual std::optional<PicturePreparation> preparation() const { return std::nullopt; }
  // Of a dataset of arrays, after Load: how a row of another array does.
  virtual std::optional<ArrayPreparation> array_preparation() const { return std::nullopt; }
  // Before Load, of data that an encoder is measured on which was trained on other data: samples
  // become what those of its training became, whose statistics stand in for these. Faults: a config
  // that says otherwise.
  virtual absl::Status PrepareAs(const PicturePreparation&) { return absl::OkStatus(); }
  virtual absl::Status PrepareAs(const ArrayPreparation&) { return absl::OkStatus(); }
  virtual const Tokenizer* tokenizer() const { return nullptr; }  // text only
  // Text only, after Load: characters of the split's text for each of its tokens, to turn nats a
  // token into bits a character.
  virtual double characters_per_token(Split) const { return 0; }

  // Before Load: for an estimate of the memory that a training will take.
  virtual DatasetExtent extent() const { return {}; }

  // Before Load: what is trained on is cut out of pictures as they are
  // (Augmentation::takes_source), so that copies of one size are not what is worth keeping.
  virtual void ExpectCrops() {}

  virtual absl::Status Load() = 0;
  // After Load.
  virtual int64_t size(Split split) const = 0;
  // Fills index, label, type and data of `sample`. Thread-safe. An error (a picture that became
  // unreadable) names the file.
  virtual absl::Status Read(Split split, int64_t index, Sample& sample) const = 0;

  // The same, but where values take work to make (a file to decode) they may be left to
  // Sample::source. Fetched ahead of a training, by a thread for each block of its batches; all
  // threads make values. Thread-safe.
  virtual absl::Status Fetch(Split split, int64_t index, Sample& sample) const {
    return Read(split, index, sample);
  }
  // After Load, for datasets that know it without reading: for all samples of the split, or none.
  virtual std::optional<SampleSum> Sum(Split, int64_t) const { return std::nullopt; }

  // After Load, for labelled datasets that know it without reading, likewise.
  virtual std::optional<int32_t> Label(Split, int64_t) const { return std::nullopt; }

  // One line on what was loaded ("60,000 + 10,000 images 1×28×28, 10 classes; 2 skipped: …").
  virtual std::string Summary() const = 0;
};

}  // namespace pretext
