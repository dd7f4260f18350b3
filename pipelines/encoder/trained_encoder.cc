#include "pipelines/encoder/trained_encoder.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "core/plugin/build_context.h"
#include "core/plugin/registry.h"
#include "pipelines/checkpoint/checkpoint.h"
#include "pipelines/checkpoint/fingerprint.h"
#include "pipelines/encoder/flow_text.h"
#include "pipelines/text/binder.h"
#include "pipelines/text/source_map.h"
#include "pipelines/text/text_tree.h"

namespace pretext {
namespace {

// Builds the parts in the order of the flow; faults go to `map`.
class Maker {
 public:
  Maker(const std::string& folder, SourceMap& map) : map_(map) { context_.run_directory = folder; }

  void Make(TrainedEncoder& trained) {
    const EncoderFile& file = trained.file;
    trained.sample = FlowFromMessage(file.sample());
    trained.input = FlowFromMessage(file.input());
    context_.input = context_.sample = trained.sample;
    if (file.has_text()) {
      trained.tokenizer = Build<Tokenizer>(file.text().tokenizer(), "text.tokenizer");
      context_.tokenizer = trained.tokenizer.get();
    }
    for (int i = 0; i < file.augmentation_size() && map_.ok(); ++i) {
      auto made = Build<Augmentation>(file.augmentation(i), absl::StrCat("augmentation[", i, "]"));
      if (made == nullptr) return;
      context_.input = made->output();
      trained.chain.push_back(made.get());
      trained.augmentations.push_back(std::move(made));
    }
    // Tokens go through no augmentation in use; some may stand masked in training.
    const bool text = trained.input.is(FlowType::Kind::kTokens);
    if (text) context_.input = trained.input;
    context_.input = context_.input.Whole();  // nor are pictures' patches in use
    Check(context_.input == trained.input, "input", "is ", trained.input, context_.input);
    context_.view = trained.input;
    trained.encoder = Build<Encoder>(file.encoder(), "encoder");
    if (trained.encoder == nullptr) return;
    Check(trained.encoder->output() == FlowFromMessage(file.output()), "output", "is ",
          FlowFromMessage(file.output()), trained.encoder->output());
  }

 private:
  template <class Base>
  std::unique_ptr<Base> Build(const google::protobuf::Any& any, const std::string& path) {
    absl::StatusOr<std::unique_ptr<Base>> part = Registry<Base>::Create(any, context_);
    if (part.ok()) return *std::move(part);
    map_.AddFaults(path, part.status());
    return nullptr;
  }

  void Check(bool fits, const std::string& path, absl::string_view says, const FlowType& said,
             const FlowType& is) {
    if (fits || !map_.ok()) return;
    map_.AddFaults(path, absl::InvalidArgumentError(absl::StrCat(
                             says, said.ToString(), ", but its parts make ", is.ToString())));
  }

  SourceMap& map_;
  BuildContext context_;
};

absl::Status CheckVocabularyFile(const std::string& folder, const EncoderFile& file) {
  const std::string path = absl::StrCat(folder, "/", file.text().vocabulary_file());
  const absl::StatusOr<PathKind> kind = KindOfPath(path);
  if (!kind.ok()) return kind.status();
  if (*kind == PathKind::kFile) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat(path, ": is missing: the vocabulary that this encoder was trained with"));
}

}  // namespace

absl::StatusOr<TrainedEncoder> MakeTrainedEncoder(const std::string& file_path,
                                                  const std::string& text,
                                                  const std::string& folder) {
  TrainedEncoder trained;
  trained.path = file_path;
  SourceMap map;
  const int source = map.AddSource(file_path);
  BindText(ParseTextTree(text), source, &trained.file, &map);
  if (!map.ok()) return map.status();
  if (trained.file.has_text()) {
    if (auto s = CheckVocabularyFile(folder, trained.file); !s.ok()) return s;
  }
  Maker(folder, map).Make(trained);
  if (!map.ok()) return map.status();
  if (trained.tokenizer != nullptr)
    trained.vocabulary_path = absl::StrCat(folder, "/", trained.file.text().vocabulary_file());
  if (trained.tokenizer != nullptr &&
      TokenizerFingerprint(*trained.tokenizer) != trained.file.text().checksum()) {
    return absl::DataLossError(absl::StrCat(
        trained.vocabulary_path,
        ": this vocabulary or its options are not those that the encoder was trained with: "
        "another checksum"));
  }
  return trained;
}

void TakeTeachers(TensorFile& weights) {
  constexpr absl::string_view kTeacher = "teacher.";
  std::vector<NamedTensor> taken;
  for (NamedTensor& named : weights.tensors) {
    if (!absl::StartsWith(named.name, "teacher.encoder.")) continue;
    taken.push_back({named.name.substr(kTeacher.size()), std::move(named.tensor)});
  }
  if (!taken.empty()) weights.tensors = std::move(taken);
}

absl::Status LoadEncoderWeights(const std::string& weights_path, const std::string& checksum,
                                TrainedEncoder& trained) {
  absl::StatusOr<TensorFile> weights = ReadTensors(weights_path);
  if (!weights.ok()) return weights.status();
  if (!checksum.empty() && WeightsChecksum(*weights) != checksum) {
    return absl::DataLossError(absl::StrCat(weights_path, " is not of one encoder with ",
                                            trained.path, ": another checksum"));
  }
  if (trained.file.teacher()) TakeTeachers(*weights);
  ParameterSet& parameters = trained.encoder->parameters();
  parameters.Allocate("encoder", /*seed=*/0);
  return TakeWeights(weights_path, *weights, {&parameters},
                     {trained.file.text().checksum(), trained.vocabulary_path});
}

}  // namespace pretext
