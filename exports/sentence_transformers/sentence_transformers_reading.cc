// BertModel with the pooling of 1_Pooling/config.json (sentence_transformers/models/Pooling.py).
#include "absl/strings/str_cat.h"
#include "base/json/read_json.h"
#include "exports/huggingface/bert_reading.h"

namespace pretext {
namespace {

absl::StatusOr<Graph> ReadSentenceTransformer(ForeignFiles& files) {
  absl::StatusOr<BertGraph> bert = DrawBert(files);
  if (!bert.ok()) return bert.status();
  const auto pooling = ReadJsonFile(files.folder() + "/1_Pooling/config.json");
  if (!pooling.ok()) return pooling.status();
  const auto mode = [&](const char* name) {
    const auto at = pooling->fields().find(name);
    return at != pooling->fields().end() && at->second.bool_value();
  };
  const bool cls = mode("pooling_mode_cls_token"), mean = mode("pooling_mode_mean_tokens");
  if (cls == mean) files.Fail("1_Pooling/config.json: one of cls_token and mean_tokens is true");
  const auto width = pooling->fields().find("word_embedding_dimension");
  if (width == pooling->fields().end() ||
      width->second.number_value() != static_cast<double>(files.Whole("hidden_size"))) {
    files.Fail("1_Pooling/config.json: word_embedding_dimension is not hidden_size");
  }
  GraphBuilder& graph = bert->graph;
  std::string vector;
  if (cls) {
    vector = graph.Node("Gather", {bert->h, graph.Whole(0)}, {{"axis", int64_t{1}}});
  } else {
    const std::string mask = graph.Node("Unsqueeze", {bert->mask, graph.Wholes({2})});
    const auto sum = [&](const std::string& x) {
      return graph.Node("ReduceSum", {x, graph.Wholes({1})}, {{"keepdims", int64_t{0}}});
    };
    vector = graph.Node("Div", {sum(graph.Node("Mul", {bert->h, mask})),
                                graph.Node("Max", {sum(mask), graph.Scalar(1e-9f)})});
  }
  graph.Output(
      {.name = "sentence_embedding", .axes = {"batch", absl::StrCat(files.Whole("hidden_size"))}},
      vector);
  return graph.Take();
}

PRETEXT_REGISTER_READING("sentence_transformers.BertModel", ReadSentenceTransformer);

}  // namespace
}  // namespace pretext
