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

std::string HowToLoad(const ExportRequest& request, const ForeignModel&) {
  std::string text =
      "import onnxruntime\n\nsession = onnxruntime.InferenceSession(\"DIR/model.onnx\")\n";
  if (request.tokenizer != nullptr) {
    absl::StrAppend(&text,
                    "# tokenizers.Tokenizer.from_file(\"DIR/tokenizer.json\") makes the inputs, "
                    "int64 [batch, sequence]\n"
                    "inputs = {value.name: batch[value.name] for value in session.get_inputs()}\n"
                    "vectors, = session.run([\"sentence_embedding\"], inputs)\n");
  } else if (request.scale) {
    absl::StrAppend(&text, "mean, std = numpy.array(", JsonNumbers(request.scale->mean),
                    "), numpy.array(", JsonNumbers(request.scale->deviation),
                    ")\n"
                    "pixels = (pictures / 255 - mean.reshape(-1, 1, 1)) / std.reshape(-1, 1, 1)\n"
                    "features, = session.run([\"features\"], {\"pixel_values\": "
                    "pixels.astype(numpy.float32)})\n");
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
