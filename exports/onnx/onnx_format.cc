// ONNX: model.onnx, drawn by the plugins themselves, and the tokenizer's or the picture processor's
// files that its inputs are made with.
#include <google/protobuf/message.h>

#include "absl/strings/str_cat.h"
#include "base/file/mapped_file.h"
#include "exports/huggingface/huggingface_format.h"
#include "exports/onnx/model_file.h"

namespace pretext {
namespace {

constexpr char kFile[] = "model.onnx";

absl::StatusOr<Graph> Draw(const ExportRequest& request) {
  const auto draw = [](const TrainedPart& part, const GraphFlow& in,
                       GraphBuilder& graph) -> absl::StatusOr<GraphFlow> {
    const ExportEntry* entry = FindExport(part.config->GetDescriptor()->full_name(), "onnx");
    if (entry == nullptr || entry->graph == nullptr)
      return absl::InvalidArgumentError(absl::StrCat(part.name, " draws no graph"));
    return entry->graph(part, in, graph);
  };
  GraphBuilder graph;
  const absl::StatusOr<GraphFlow> h = draw(request.encoder, GraphFlow(), graph);
  if (!h.ok()) return h.status();
  if (request.head) {
    const absl::StatusOr<GraphFlow> z = draw(*request.head, *h, graph);
    if (!z.ok()) return z.status();
  }
  return graph.Take();
}

absl::Status WriteInputs(const ExportRequest& request, const std::string& folder) {
  if (request.scale)
    return WriteExportFile(folder, "preprocessor_config.json", ProcessorJson(request));
  // The graph takes ids: the files are an extra.
  return WriteTokenizer(request, /*required=*/false, folder);
}

absl::Status Write(const ExportRequest& request, const ForeignModel&, const std::string& folder) {
  const absl::StatusOr<Graph> graph = Draw(request);
  if (!graph.ok()) return graph.status();
  std::map<std::string, std::string> metadata = {{"pretext.run", request.facts.name}};
  if (request.scale) {
    metadata["image_mean"] = JsonNumbers(request.scale->mean);
    metadata["image_std"] = JsonNumbers(request.scale->deviation);
  }
  if (request.rows && request.rows->kind == ArrayPreparation::Kind::kStandardized) {
    // value = (number - center) * factor
    metadata["values_center"] = JsonNumbers(request.rows->center);
    metadata["values_factor"] = JsonNumbers(request.rows->factor);
  }
  const absl::StatusOr<std::string> bytes =
      ToOnnx(*graph, request.facts.name, request.facts.version, metadata);
  if (!bytes.ok()) return bytes.status();
  const absl::Status status = WriteExportFile(folder, kFile, *bytes);
  return status.ok() ? WriteInputs(request, folder) : status;
}

absl::StatusOr<Graph> Read(const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/", kFile);
  const absl::StatusOr<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  absl::StatusOr<Graph> graph = FromOnnx(file->contents());
  if (graph.ok()) return graph;
  return absl::Status(graph.status().code(), absl::StrCat(path, " ", graph.status().message()));
}

// Lines that make `rows`, numbers of a file [N, D], what the graph takes.
std::string HowToScale(const std::optional<ArrayPreparation>& rows) {
  if (!rows || rows->kind == ArrayPreparation::Kind::kAsTheyAre) return "";
  switch (rows->kind) {
    case ArrayPreparation::Kind::kStandardized:
      return absl::StrCat("rows = (rows - numpy.array(", JsonNumbers(rows->center),
                          ")) * numpy.array(", JsonNumbers(rows->factor), ")\n");
    case ArrayPreparation::Kind::kByType:
      return "if rows.dtype == numpy.uint8: rows = rows / 255\n";
    default:
      return "rows = rows / 255\n";
  }
}

std::string HowToLoad(const ExportRequest& request, const ForeignModel&) {
  const bool texts = request.tokenizer != nullptr;
  std::string text =
      absl::StrCat("import numpy\nimport onnxruntime\n", texts ? "import tokenizers\n" : "",
                   "\nsession = onnxruntime.InferenceSession(\"DIR/model.onnx\")\n");
  if (texts) {
    absl::StrAppend(
        &text,
        "tokenizer = tokenizers.Tokenizer.from_file(\"DIR/tokenizer.json\")\n"
        "tokenizer.enable_padding(pad_id=",
        request.tokenizer->special().pad, ")\ntokenizer.enable_truncation(",
        request.encoder.input.tokens,
        ")\n"
        "batch = tokenizer.encode_batch(texts)\n"
        "made = {\"input_ids\": [one.ids for one in batch],\n"
        "        \"attention_mask\": [one.attention_mask for one in batch],\n"
        "        \"token_type_ids\": [one.type_ids for one in batch]}\n"
        "inputs = {wanted.name: numpy.array(made[wanted.name], numpy.int64) for wanted in "
        "session.get_inputs()}\n"
        "vectors, = session.run([\"sentence_embedding\"], inputs)\n");
  } else if (request.scale) {
    absl::StrAppend(&text, "mean, std = numpy.array(", JsonNumbers(request.scale->mean),
                    "), numpy.array(", JsonNumbers(request.scale->deviation),
                    ")\n"
                    "pixels = (pictures / 255 - mean.reshape(-1, 1, 1)) / std.reshape(-1, 1, 1)\n"
                    "features, = session.run([\"features\"], {\"pixel_values\": "
                    "pixels.astype(numpy.float32)})\n");
  } else {
    absl::StrAppend(&text, HowToScale(request.rows),
                    "features, = session.run([\"features\"], {\"values\": "
                    "rows.astype(numpy.float32)})\n");
  }
  return text;
}

}  // namespace

const ExportFormat kOnnxFormat = {.name = "onnx",
                                  .library = "onnx",
                                  .weights = kFile,
                                  .write = Write,
                                  .read = Read,
                                  .loader = HowToLoad};

}  // namespace pretext
