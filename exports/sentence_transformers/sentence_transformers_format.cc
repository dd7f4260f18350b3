// sentence-transformers: transformers' files, and the modules that make one vector of a text. The
// classes are named as version 2 to 4 do; later ones map them (util/deprecated_import.py).
#include "absl/strings/str_cat.h"
#include "exports/huggingface/huggingface_format.h"

namespace pretext {
namespace {

constexpr char kModules[] = R"([
  {
    "idx": 0,
    "name": "0",
    "path": "",
    "type": "sentence_transformers.models.Transformer"
  },
  {
    "idx": 1,
    "name": "1",
    "path": "1_Pooling",
    "type": "sentence_transformers.models.Pooling"
  }
]
)";
constexpr char kConfig[] = R"({
  "__version__": {},
  "prompts": {},
  "default_prompt_name": null,
  "similarity_fn_name": "cosine"
}
)";

absl::Status Write(const ExportRequest& request, const ForeignModel& model,
                   const std::string& folder) {
  absl::Status status = WriteTransformersFolder(request, model, folder);
  if (status.ok()) status = WriteExportFile(folder, "modules.json", kModules);
  if (status.ok()) status = WriteExportFile(folder, "config_sentence_transformers.json", kConfig);
  if (!status.ok()) return status;
  // The tokenizer lowers where it has to.
  return WriteExportFile(folder, "sentence_bert_config.json",
                         JsonLines({{"max_seq_length", absl::StrCat(request.encoder.input.tokens)},
                                    {"do_lower_case", "false"}}));
}

std::string HowToLoad(const ExportRequest&, const ForeignModel&) {
  return "from sentence_transformers import SentenceTransformer\n\n"
         "vectors = SentenceTransformer(\"DIR\").encode(texts)\n";
}

}  // namespace

const ExportFormat kSentenceTransformersFormat = {.name = "sentence-transformers",
                                                  .library = "sentence-transformers",
                                                  .weights = kForeignWeights,
                                                  .write = Write,
                                                  .read = nullptr,
                                                  .loader = HowToLoad};

}  // namespace pretext
