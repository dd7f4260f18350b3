#include "pipelines/trained/on_dataset.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "base/file/read_file.h"
#include "base/unicode/text_decoder.h"
#include "core/plugin/build_context.h"
#include "core/plugin/registry.h"
#include "pipelines/assembly/combinations.h"
#include "pipelines/checkpoint/checkpoint.h"
#include "pipelines/encoder/encoder_folder.h"
#include "pipelines/encoder/preparation_text.h"
#include "pipelines/run/run_directory.h"
#include "pipelines/text/load_pipeline.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/trained/open_encoder.h"
#include "pipelines/trained/run_tokenizer.h"
#include "pipelines/trained/trained.h"
#include "pipelines/trained/use_overrides.h"

namespace pretext {
namespace {

struct DatasetText {
  std::string name, text;
};

// The text itself, or what is in the file of that name.
absl::StatusOr<DatasetText> TextOf(const std::string& dataset) {
  if (absl::StrContains(dataset, '{')) return DatasetText{"--dataset", dataset};
  constexpr int64_t kMostBytes = 1 << 20;
  const absl::StatusOr<std::string> bytes = ReadFile(dataset, kMostBytes);
  if (!bytes.ok()) {
    return absl::Status(
        absl::StatusCode::kInvalidArgument,
        absl::StrCat("--dataset: ", bytes.status().message(),
                     ". It is 'dataset { [type.googleapis.com/…] { … } }', or a file of that"));
  }
  absl::StatusOr<std::string> text = DecodeText(*bytes);
  if (text.ok()) return DatasetText{dataset, *std::move(text)};
  return absl::InvalidArgumentError(absl::StrCat(dataset, ": ", text.status().message()));
}

absl::Status CheckSample(const FlowType& given, const FlowType& trained,
                         const std::string& dataset) {
  const auto fault = [&](const std::string& message) {
    return absl::InvalidArgumentError(absl::StrCat(dataset, ": its samples are ", message,
                                                   ": an encoder is measured on what it "
                                                   "was trained to take"));
  };
  if (!(given == trained)) {
    return fault(
        absl::StrCat(given.ToString(), ", and the encoder was trained on ", trained.ToString()));
  }
  if (given.range && trained.range && !(*given.range == *trained.range)) {
    return fault(absl::StrCat(given.ToStringWithRange(), ", and those of the training were ",
                              trained.range->ToString(), "; scaling { low: … high: … } sets it"));
  }
  return absl::OkStatus();
}

// The data's samples become what those of the training became.
absl::Status Prepare(Dataset& data, const EncoderFile& file, const std::string& dataset) {
  absl::Status status = absl::OkStatus();
  if (file.has_arrays()) {
    status = data.PrepareAs(ArraysFromMessage(file.arrays()));
  } else if (file.has_pictures()) {
    status = data.PrepareAs(ScaleFromMessage(file));
  }
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(dataset, ": ", status.message()));
}

absl::StatusOr<Assembled> OpenRun(const std::string& path, const DatasetText& dataset,
                                  const std::vector<std::string>& overrides) {
  const absl::StatusOr<RunDirectory> run = RunDirectory::Open(RunOf(path));
  if (!run.ok()) return run.status();
  absl::StatusOr<LoadedPipeline> own = LoadPipelineFile(run->pipeline_path(), overrides);
  if (!own.ok()) return own.status();
  if (!own->map.ok()) return own->map.status();
  const absl::StatusOr<TrainedEncoder> trained = OpenWithoutWeights(*run);
  if (!trained.ok()) return trained.status();
  // Of the text its dataset, with the places of its fields, and of the run all else.
  LoadedPipeline pipeline = LoadPipelineText(dataset.name, dataset.text);
  TakeTokenizer(*own->config, trained->file.text().checksum(), pipeline);
  *own->config->mutable_dataset() = pipeline.config->dataset();
  own->config->mutable_evaluate()->clear_validation();
  // Nothing is trained, so none is the best.
  own->config->clear_checkpoints();
  pipeline.config = std::move(own->config);
  AssemblyOptions options;
  options.run_directory = run->path();
  const google::protobuf::Any data = pipeline.config->dataset();
  absl::StatusOr<Assembled> parts = Assemble(std::move(pipeline), options);
  if (!parts.ok()) {
    // Samples of another type are faults of the run's parts, which are not what is to be changed.
    BuildContext context;
    context.run_directory = run->path();
    const auto made = Registry<Dataset>::Create(data, context);
    const absl::Status sample =
        made.ok() ? CheckSample((*made)->type(), trained->sample, dataset.name) : absl::OkStatus();
    return sample.ok() ? parts.status() : sample;
  }
  if (auto s = CheckSample(parts->sample, trained->sample, dataset.name); !s.ok()) return s;
  if (auto s = Prepare(*parts->dataset, trained->file, dataset.name); !s.ok()) return s;
  const std::string checkpoint = CheckpointAt(path, *run);
  if (absl::Status status = LoadTrained(checkpoint, *parts); !status.ok()) return status;
  const absl::StatusOr<CheckpointFacts> facts = ReadCheckpointFacts(checkpoint);
  if (!facts.ok()) return facts.status();
  // The loss is what it was there.
  const int64_t step = std::max<int64_t>(1, facts->cursor.step);
  parts->loss->BeginStep({.step = step,
                          .total_steps = std::max(step, facts->total_steps),
                          .steps_per_epoch = std::max(1.0, facts->steps_per_epoch),
                          .seed = parts->config->train().seed()});
  return parts;
}

absl::StatusOr<Assembled> OpenFolder(const std::string& path, const DatasetText& dataset,
                                     std::unique_ptr<Pipeline> over) {
  absl::StatusOr<TrainedEncoder> trained = OpenEncoder(path);
  if (!trained.ok()) return trained.status();
  if (trained->tokenizer != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        path,
        ": what a language model is worth is measured with its head, which its run has and "
        "this folder has not: name the run"));
  }
  LoadedPipeline pipeline = LoadPipelineText(dataset.name, dataset.text);
  if (!pipeline.map.ok()) return pipeline.map.status();
  Assembled parts;
  BuildContext context;
  absl::StatusOr<std::unique_ptr<Dataset>> made =
      Registry<Dataset>::Create(pipeline.config->dataset(), context);
  if (!made.ok()) {
    pipeline.map.AddFaults("dataset", made.status());
    return pipeline.map.status();
  }
  parts.sample = (*made)->type();
  if (parts.sample.is(FlowType::Kind::kImage) && !parts.sample.range)
    parts.sample.range = kUnitRange;
  if (auto s = CheckSample(parts.sample, trained->sample, dataset.name); !s.ok()) return s;
  if (auto s = Prepare(**made, trained->file, dataset.name); !s.ok()) return s;
  parts.dataset = *std::move(made);
  // Of the text its dataset alone: how it is measured is not the data's to say.
  parts.config = std::move(over);
  *parts.config->mutable_dataset() = pipeline.config->dataset();
  *parts.config->mutable_encoder() = trained->file.encoder();
  Pipeline::Train& train = *parts.config->mutable_train();
  if (!train.has_precision()) train.set_precision(trained->file.precision());
  FillDefaults(parts.config.get());
  parts.view = trained->input;
  parts.augmentations = std::move(trained->augmentations);
  parts.chains = {std::move(trained->chain)};
  parts.encoder = std::move(trained->encoder);
  return parts;
}

}  // namespace

absl::StatusOr<Assembled> OpenOnDataset(const std::string& path, const std::string& dataset,
                                        const std::vector<std::string>& overrides) {
  absl::StatusOr<LoadedPipeline> over =
      ReadUseOverrides(overrides, {"evaluate", "train.precision"});
  if (!over.ok()) return over.status();
  const AskedFigures asked = FiguresAskedFor(*over->config);
  const absl::StatusOr<DatasetText> text = TextOf(dataset);
  if (!text.ok()) return text.status();
  absl::StatusOr<Assembled> parts = IsEncoderFolder(path)
                                        ? OpenFolder(path, *text, std::move(over->config))
                                        : OpenRun(path, *text, overrides);
  if (!parts.ok()) return parts;
  over->map.AddFaults("evaluate", CheckEvaluation(*parts, asked));
  if (!over->map.ok()) return over->map.status();
  return parts;
}

}  // namespace pretext
