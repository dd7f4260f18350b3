// HuggingFace transformers: config.json, model.safetensors, and what the model's inputs are made
// with: a tokenizer's files, or a picture processor's.
#include "exports/huggingface/huggingface_format.h"

#include "absl/strings/str_cat.h"
#include "core/plugin/huggingface_tokenizer.h"

namespace pretext {
namespace {

absl::Status Write(const ExportRequest& request, const ForeignModel& model,
                   const std::string& folder) {
  // Of a text its model gives every token's vector, and nothing tells how they become one.
  if (request.tokenizer != nullptr &&
      !request.encoder_plugin->output().is(FlowType::Kind::kSequence)) {
    return absl::InvalidArgumentError(
        "this encoder gives one vector a text, which a folder of huggingface has no pooling for. "
        "--format sentence-transformers holds both, and transformers opens its folder too");
  }
  return WriteTransformersFolder(request, model, folder);
}

std::string HowToLoad(const ExportRequest& request, const ForeignModel& model) {
  if (request.tokenizer == nullptr) {
    return absl::StrCat(
        "from transformers import AutoImageProcessor, ", model.architecture,
        "\n\nprocessor = AutoImageProcessor.from_pretrained(\"DIR\")\nmodel = ", model.architecture,
        ".from_pretrained(\"DIR\").eval()\n"
        "features = model(**processor(pictures, return_tensors=\"pt\"))"
        ".pooler_output.flatten(1)\n");
  }
  if (model.architecture == "BertForMaskedLM") {
    return "from transformers import pipeline\n\n"
           "print(pipeline(\"fill-mask\", model=\"DIR\")(\"a [MASK] of water\"))\n";
  }
  return absl::StrCat(
      "from transformers import AutoTokenizer, ", model.architecture,
      "\n\ntokenizer = AutoTokenizer.from_pretrained(\"DIR\")\n"
      "model = ",
      model.architecture,
      ".from_pretrained(\"DIR\").eval()\n"
      "batch = tokenizer(texts, padding=True, truncation=True, return_tensors=\"pt\")\n"
      "h = model(**batch).last_hidden_state\n",
      model.first_token ? "vectors = h[:, 0]  # the first token's\n"
                        : "mask = batch[\"attention_mask\"].unsqueeze(-1)\n"
                          "vectors = (h * mask).sum(1) / mask.sum(1)  # the mean over tokens\n");
}

}  // namespace

std::string ProcessorJson(const ExportRequest& request) {
  const FlowType& input = request.encoder.input;
  const bool grey = input.channels == 1;
  return JsonLines(
      {{"image_processor_type", "\"CLIPImageProcessor\""},
       {"do_convert_rgb", grey ? "false" : "true"},
       {"do_resize", "true"},
       {"size", absl::StrCat("{\"shortest_edge\": ", std::min(input.height, input.width), "}")},
       {"resample", "2"},
       {"do_center_crop", "true"},
       {"crop_size",
        absl::StrCat("{\"height\": ", input.height, ", \"width\": ", input.width, "}")},
       {"do_rescale", "true"},
       {"rescale_factor", "0.00392156862745098"},
       {"do_normalize", "true"},
       {"image_mean", JsonNumbers(request.scale->mean)},
       {"image_std", JsonNumbers(request.scale->deviation)}});
}

absl::Status WriteTransformersFolder(const ExportRequest& request, const ForeignModel& model,
                                     const std::string& folder) {
  std::vector<std::pair<std::string, std::string>> config = {
      {"architectures", absl::StrCat("[\"", model.architecture, "\"]")}};
  config.insert(config.end(), model.config.begin(), model.config.end());
  config.push_back({"dtype", "\"float32\""});
  if (request.tokenizer != nullptr)
    config.push_back({"pad_token_id", absl::StrCat(request.tokenizer->special().pad)});
  absl::Status status = WriteForeignModel(folder, model);
  if (status.ok()) status = WriteExportFile(folder, "config.json", JsonLines(config));
  if (status.ok() && request.scale)
    status = WriteExportFile(folder, "preprocessor_config.json", ProcessorJson(request));
  return status.ok() ? WriteTokenizer(request, /*required=*/true, folder) : status;
}

absl::Status WriteTokenizer(const ExportRequest& request, bool required,
                            const std::string& folder) {
  if (request.tokenizer == nullptr) return absl::OkStatus();
  const auto* tokenizer = dynamic_cast<const HuggingFaceTokenizer*>(request.tokenizer);
  if (tokenizer == nullptr) {
    if (!required) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "this encoder's tokenizer has no form in HuggingFace's files. --format onnx holds the "
        "encoder alone");
  }
  const auto files = tokenizer->HuggingFaceFiles(request.encoder.input.tokens);
  if (!files.ok()) return required ? files.status() : absl::OkStatus();
  for (const auto& [name, contents] : *files) {
    if (absl::Status status = WriteExportFile(folder, name, contents); !status.ok()) return status;
  }
  return tokenizer->CheckHuggingFaceFiles(folder);
}

const ExportFormat kHuggingFaceFormat = {.name = "huggingface",
                                         .library = "transformers",
                                         .weights = kForeignWeights,
                                         .write = Write,
                                         .read = nullptr,
                                         .loader = HowToLoad};

}  // namespace pretext
