#include "pipelines/trained/export_request.h"

#include <google/protobuf/message.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "base/file/read_file.h"
#include "core/plugin/registry.h"
#include "pipelines/checkpoint/checkpoint.h"
#include "pipelines/checkpoint/run_names.h"
#include "pipelines/encoder/preparation_text.h"
#include "pipelines/evaluate/evaluation.h"
#include "pipelines/run/run_directory.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/trained/open_encoder.h"
#include "pipelines/trained/trained.h"

namespace pretext {
namespace {

// The plugin's own config, kept in `config`, and the part that it makes.
template <class Plugin>
absl::StatusOr<TrainedPart> PartOf(const char* name, const google::protobuf::Any& any,
                                   const Plugin& plugin, const FlowType& input, int64_t steps,
                                   std::shared_ptr<const google::protobuf::Message>& config) {
  absl::StatusOr<PluginConfig> unpacked = UnpackPlugin(name, any);
  if (!unpacked.ok()) return unpacked.status();
  config = unpacked->message;
  return TrainedPart{.name = name,
                     .config = config.get(),
                     .input = input,
                     .output = plugin.output(),
                     .parameters = &plugin.parameters(),
                     .foreign = plugin.foreign_names(),
                     .steps = steps};
}

// What the model card says beside the model.
CardFacts FactsOf(const std::string& path, const EncoderFile& file, const std::string& version) {
  CardFacts facts{.name = file.name(), .version = version, .steps = file.step()};
  Figures figures;
  for (const EncoderFile::Figure& figure : file.figure())
    figures.values.emplace_back(figure.name(), figure.value());
  if (!figures.values.empty()) facts.figures = FormatFigures(figures);
  // A run's whole pipeline; of an encoder's folder what it says itself.
  const absl::StatusOr<std::string> pipeline = ReadFile(PipelineIn(RunOf(path)));
  facts.pipeline = pipeline.ok() ? *pipeline : file.DebugString();
  // Figures and steps of another checkpoint than the run's last are not in its encoder's file.
  if (const auto checkpoint = ReadCheckpointFacts(path); !file.has_step() && checkpoint.ok())
    facts.steps = checkpoint->cursor.step;
  return facts;
}

absl::StatusOr<std::optional<PictureScale>> ScaleOf(const std::string& path,
                                                    const TrainedEncoder& trained) {
  if (!trained.input.is(FlowType::Kind::kImage)) return std::nullopt;
  const EncoderFile& file = trained.file;
  if (file.mean_size() != trained.input.channels || file.deviation_size() != file.mean_size()) {
    if (file.has_arrays()) {
      return absl::InvalidArgumentError(absl::StrCat(
          path,
          ": was trained on arrays that are no bytes over 255 as they are; no format's "
          "picture processor makes such numbers of pictures"));
    }
    return absl::InvalidArgumentError(absl::StrCat(
        path,
        ": pictures go through more on their way to this encoder than a scale for each "
        "channel; no format's picture processor does that"));
  }
  return PictureScale{.mean = {file.mean().begin(), file.mean().end()},
                      .deviation = {file.deviation().begin(), file.deviation().end()}};
}

absl::Status AddHead(const std::string& path, TrainedForExport& trained) {
  if (trained.encoder->file.teacher()) {
    return absl::InvalidArgumentError(absl::StrCat(
        path,
        ": its encoder is the teacher's (teacher { kept }), and --with-head would give it the "
        "trained one's head; leave --with-head out"));
  }
  absl::StatusOr<Assembled> opened = OpenTrained(path);
  if (!opened.ok()) {
    return absl::Status(opened.status().code(),
                        absl::StrCat(opened.status().message(), " (--with-head needs the run)"));
  }
  trained.parts = std::make_shared<Assembled>(*std::move(opened));
  const Assembled& parts = *trained.parts;
  ExportRequest& request = trained.request;
  // One encoder for both: the head may share its parameters.
  request.encoder_plugin = parts.encoder.get();
  request.encoder.parameters = &parts.encoder->parameters();
  trained.encoder_part = std::make_shared<TrainedPart>(request.encoder);
  absl::StatusOr<TrainedPart> head =
      PartOf("head", parts.config->head(), *parts.head, request.encoder.output,
             request.encoder.steps, trained.head_config);
  if (!head.ok()) return head.status();
  head->encoder = trained.encoder_part.get();
  request.head = *head;
  request.head_plugin = parts.head.get();
  request.facts.head = head->config->GetDescriptor()->full_name();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TrainedForExport> OpenForExport(const std::string& path, bool with_head,
                                               const std::string& version) {
  absl::StatusOr<TrainedEncoder> opened = OpenEncoder(path);
  if (!opened.ok()) return opened.status();
  TrainedForExport trained;
  trained.encoder = std::make_shared<TrainedEncoder>(*std::move(opened));
  const TrainedEncoder& encoder = *trained.encoder;
  ExportRequest& request = trained.request;
  request.facts = FactsOf(path, encoder.file, version);
  absl::StatusOr<TrainedPart> part =
      PartOf("encoder", encoder.file.encoder(), *encoder.encoder, encoder.input,
             request.facts.steps, trained.encoder_config);
  if (!part.ok()) return part.status();
  request.encoder = *part;
  request.encoder_plugin = encoder.encoder.get();
  request.facts.encoder = part->config->GetDescriptor()->full_name();
  absl::StatusOr<std::optional<PictureScale>> scale = ScaleOf(path, encoder);
  if (!scale.ok()) return scale.status();
  request.scale = *std::move(scale);
  if (encoder.file.has_arrays() && encoder.input.is(FlowType::Kind::kVector))
    request.rows = ArraysFromMessage(encoder.file.arrays());
  request.tokenizer = encoder.tokenizer.get();
  if (!with_head) return trained;
  if (absl::Status status = AddHead(path, trained); !status.ok()) return status;
  return trained;
}

}  // namespace pretext
