#include "pipelines/encoder/describe.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "base/file/read_file.h"
#include "core/plugin/registry.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "pipelines/assembly/model_flow.h"
#include "pipelines/checkpoint/fingerprint.h"
#include "pipelines/encoder/flow_text.h"
#include "pipelines/encoder/preparation_text.h"
#include "pipelines/run/run_history.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using google::protobuf::Any;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The tokenizer in a dataset's config, wherever it is; null without one.
const Any* FindTokenizer(const Message& message) {
  if (const Any* any = dynamic_cast<const Any*>(&message)) {
    const Plugin* plugin = FindPlugin(TypeNameOf(*any));
    return plugin != nullptr && plugin->kind == kKindName<Tokenizer> ? any : nullptr;
  }
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_repeated()) continue;
    const Any* found = FindTokenizer(message.GetReflection()->GetMessage(message, field));
    if (found != nullptr) return found;
  }
  return nullptr;
}

absl::Status DescribeText(const Assembled& parts, EncoderFile::Text& text) {
  const absl::StatusOr<PluginConfig> config =
      UnpackPlugin(kKindName<Dataset>, parts.config->dataset());
  if (!config.ok()) return config.status();
  const Any* const tokenizer = FindTokenizer(*config->message);
  if (tokenizer == nullptr) {
    return absl::UnimplementedError(absl::StrCat(config->plugin->ShortName(),
                                                 " has a tokenizer that is no part of its config"));
  }
  *text.mutable_tokenizer() = *tokenizer;
  text.set_vocabulary_file(parts.dataset->tokenizer()->file_name());
  text.set_checksum(TokenizerFingerprint(*parts.dataset));
  return absl::OkStatus();
}

// What the chain makes of a picture of one byte throughout, a value a channel; nothing where that
// is not of one value throughout a channel.
std::optional<std::vector<double>> OfOneByte(const Assembled& parts,
                                             const PicturePreparation& preparation, int byte) {
  Sample sample;
  sample.type = parts.sample;
  sample.values.resize(static_cast<size_t>(parts.sample.size()));
  const int64_t plane = preparation.height * preparation.width;
  for (int64_t c = 0; c < preparation.channels; ++c) {
    const float value = static_cast<float>(byte) / 255.0f * preparation.factor[c];
    std::fill_n(sample.values.begin() + c * plane, plane, value + preparation.offset[c]);
  }
  for (const Augmentation* augmentation : parts.chains[0]) augmentation->ApplyInEvaluation(sample);
  if (!(sample.type == parts.view.Whole())) return std::nullopt;
  std::vector<double> values;
  const int64_t pixels = sample.type.height * sample.type.width;
  for (int64_t c = 0; c < sample.type.channels; ++c) {
    const auto begin = sample.values.begin() + c * pixels;
    const auto [low, high] = std::minmax_element(begin, begin + pixels);
    // A resize adds up weights that are 1 together, but for their rounding.
    if (!(*high - *low <= 1e-4f)) return std::nullopt;
    values.push_back((double{*low} + double{*high}) / 2);
  }
  return values;
}

// Mean and deviation of scaling and augmentations together, where they are affine.
void DescribeNormalization(const Assembled& parts, const PicturePreparation& preparation,
                           EncoderFile& file) {
  if (!parts.view.is(FlowType::Kind::kImage)) return;
  const auto black = OfOneByte(parts, preparation, 0), grey = OfOneByte(parts, preparation, 128),
             white = OfOneByte(parts, preparation, 255);
  if (!black || !grey || !white) return;
  std::vector<double> means, deviations;
  for (size_t c = 0; c < black->size(); ++c) {
    const double low = (*black)[c], range = (*white)[c] - low;
    const double middle = low + range * 128 / 255;
    if (!(range > 0) || !(std::abs((*grey)[c] - middle) <= 1e-4 * range)) return;
    // Of floats: no more of their digits than they have.
    means.push_back(std::round(-low / range * 1e6) / 1e6 + 0.0);  // no -0
    deviations.push_back(std::round(1 / range * 1e6) / 1e6);
  }
  file.mutable_mean()->Add(means.begin(), means.end());
  file.mutable_deviation()->Add(deviations.begin(), deviations.end());
}

// What the first view of the first group goes through, which is what evaluation takes.
google::protobuf::RepeatedPtrField<Any> FirstChain(const Pipeline::Views& views) {
  google::protobuf::RepeatedPtrField<Any> chain = views.augmentation();
  const google::protobuf::RepeatedPtrField<Pipeline::View>* own = &views.view();
  if (!views.group().empty()) {
    chain.MergeFrom(views.group(0).augmentation());
    own = &views.group(0).view();
  }
  if (!own->empty()) chain.MergeFrom((*own)[0].augmentation());
  return chain;
}

// How h becomes one vector: as the encoder's config says, in a choice that it calls pooling.
std::string PoolingOf(const Assembled& parts) {
  if (parts.encoder->output().is(FlowType::Kind::kVector)) return "none: h is one vector";
  const auto config = UnpackPlugin(kKindName<Encoder>, parts.config->encoder());
  if (!config.ok()) return "by the encoder";
  const Message& message = *config->message;
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName("pooling");
  if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM) {
    return "by the encoder";
  }
  const std::string& name = message.GetReflection()->GetEnum(message, field)->name();
  return absl::StrCat(absl::AsciiStrToLower(name), " of the tokens, padding left out");
}

// What the encoder gives in use, where no patch of a picture is masked.
FlowType OutputInUse(const Assembled& parts) {
  if (parts.view.Whole() == parts.view) return parts.encoder->output();
  BuildContext context = EncoderContext(parts);
  context.input = parts.view.Whole();
  const auto whole = Registry<Encoder>::Create(parts.config->encoder(), context);
  return whole.ok() ? (*whole)->output() : parts.encoder->output();
}

}  // namespace

absl::StatusOr<EncoderFile> DescribeEncoder(const Assembled& parts, const std::string& version,
                                            int64_t step) {
  const Pipeline& config = *parts.config;
  EncoderFile file;
  file.set_version(version);
  file.set_name(config.name());
  file.set_step(step);
  *file.mutable_encoder() = config.encoder();
  *file.mutable_sample() = FlowToMessage(parts.sample);
  *file.mutable_input() = FlowToMessage(parts.view.Whole());
  *file.mutable_output() = FlowToMessage(OutputInUse(parts));
  file.set_features(parts.encoder->features());
  file.set_pooling(PoolingOf(parts));
  if (config.train().precision() != Pipeline::Train::FP32)
    file.set_precision(config.train().precision());
  if (config.teacher().kept()) file.set_teacher(true);
  for (const std::string& name : parts.dataset->class_names()) file.add_class_name(name);
  if (parts.dataset->tokenizer() != nullptr) {
    const absl::Status status = DescribeText(parts, *file.mutable_text());
    return status.ok() ? absl::StatusOr<EncoderFile>(std::move(file)) : status;
  }
  *file.mutable_augmentation() = FirstChain(config.views());
  PRETEXT_CHECK(
      file.augmentation_size() == static_cast<int>(parts.chains.front().size()),
      "the augmentations of the encoder's file are those that an evaluation's samples go through");
  if (const std::optional<ArrayPreparation> rows = parts.dataset->array_preparation()) {
    *file.mutable_arrays() = ArraysToMessage(*rows);
    // Of bytes over 255 it is known what other programs are to do with a picture.
    if (rows->Divides(NumberType::kU8) && parts.sample.range == kUnitRange) {
      const auto channels = static_cast<size_t>(parts.sample.channels);
      PicturePreparation over_255 = {.channels = parts.sample.channels,
                                     .height = parts.sample.height,
                                     .width = parts.sample.width};
      over_255.factor.assign(channels, 1);
      over_255.offset.assign(channels, 0);
      DescribeNormalization(parts, over_255, file);
    }
    return file;
  }
  if (!parts.sample.is(FlowType::Kind::kImage)) return file;
  const std::optional<PicturePreparation> preparation = parts.dataset->preparation();
  if (!preparation) {
    return absl::FailedPreconditionError(
        "how a picture becomes a sample depends on the dataset's pixels, and it is not loaded");
  }
  *file.mutable_pictures() = PicturesToMessage(*preparation);
  DescribeNormalization(parts, *preparation, file);
  return file;
}

void AddLastFigures(const std::string& metrics_path, EncoderFile& file) {
  const absl::StatusOr<std::string> metrics = ReadFile(metrics_path);
  if (!metrics.ok()) return;
  const RunHistory history = RunHistory::Parse(*metrics);
  if (history.evaluations().empty()) return;
  for (const auto& [name, value] : history.evaluations().back().figures) {
    EncoderFile::Figure* const figure = file.add_figure();
    figure->set_name(name);
    figure->set_value(value);
  }
}

}  // namespace pretext
