// BertModel and BertForMaskedLM (transformers/models/bert/modeling_bert.py) from config.json and
// the file's names.
#include "exports/huggingface/bert_reading.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace pretext {
namespace {

Activation ActivationNamed(ForeignFiles& files) {
  const std::string name = files.Text("hidden_act");
  if (name == "gelu") return Activation::kGelu;
  if (name == "gelu_new") return Activation::kGeluTanh;
  if (name == "relu") return Activation::kRelu;
  if (name == "sigmoid") return Activation::kSigmoid;
  if (name == "tanh") return Activation::kTanh;
  if (name != "linear") files.Fail(absl::StrCat("config.json: no activation ", name));
  return Activation::kIdentity;
}

class Bert {
 public:
  Bert(ForeignFiles& files, GraphBuilder& graph)
      : files_(files),
        graph_(graph),
        width_(files.Whole("hidden_size")),
        heads_(std::max<int64_t>(files.Whole("num_attention_heads"), 1)),
        hidden_(files.Whole("intermediate_size")),
        vocabulary_(files.Whole("vocab_size")),
        epsilon_(static_cast<float>(files.Number("layer_norm_eps"))),
        activation_(ActivationNamed(files)) {}

  std::string Table(const std::string& name, int64_t rows) {
    return graph_.Constant(name, files_.Take(name, {rows, width_}));
  }

  std::string Dense(const std::string& name, int64_t in, int64_t out, const std::string& x) {
    return graph_.Linear(x, name, files_.Take(name + ".weight", {out, in}),
                         files_.Take(name + ".bias", {out}));
  }

  std::string Norm(const std::string& name, const std::string& x) {
    return graph_.LayerNorm(x, name, files_.Take(name + ".weight", {width_}),
                            files_.Take(name + ".bias", {width_}), epsilon_);
  }

  std::string Embeddings(const std::string& at) {
    const std::string words = Table(at + "word_embeddings.weight", vocabulary_),
                      places = Table(at + "position_embeddings.weight",
                                     files_.Whole("max_position_embeddings")),
                      kinds = Table(at + "token_type_embeddings.weight",
                                    files_.Whole("type_vocab_size"));
    const std::string length =
        graph_.Node("Gather", {graph_.Node("Shape", {"input_ids"}), graph_.Wholes({1})});
    const std::string sum = graph_.Node(
        "Add", {graph_.Node("Gather", {words, "input_ids"}),
                graph_.Node("Slice", {places, graph_.Wholes({0}), length, graph_.Wholes({0})})});
    return Norm(at + "LayerNorm",
                graph_.Node("Add", {sum, graph_.Node("Gather", {kinds, "token_type_ids"})}));
  }

  std::string Layer(const std::string& at, const std::string& bias, const std::string& x) {
    const std::string attended = Dense(at + "attention.output.dense", width_, width_,
                                       SelfAttention(at + "attention.self.", bias, x));
    const std::string y =
        Norm(at + "attention.output.LayerNorm", graph_.Node("Add", {attended, x}));
    const std::string inner =
        graph_.Activate(Dense(at + "intermediate.dense", width_, hidden_, y), activation_);
    return Norm(at + "output.LayerNorm",
                graph_.Node("Add", {Dense(at + "output.dense", hidden_, width_, inner), y}));
  }

  std::string Predictions(const std::string& words, const std::string& h) {
    const std::string at = "cls.predictions.";
    const std::string t =
        Norm(at + "transform.LayerNorm",
             graph_.Activate(Dense(at + "transform.dense", width_, width_, h), activation_));
    const std::string decoder =
        graph_.Node("Transpose", {words}, {{"perm", std::vector<int64_t>{1, 0}}});
    return graph_.Node("Add",
                       {graph_.Node("MatMul", {t, decoder}),
                        graph_.Constant(at + "bias", files_.Take(at + "bias", {vocabulary_}))});
  }

  std::string width() const { return absl::StrCat(width_); }
  std::string vocabulary() const { return absl::StrCat(vocabulary_); }

 private:
  std::string SelfAttention(const std::string& at, const std::string& bias, const std::string& x) {
    const auto heads = [&](const char* what) {
      const std::string y = graph_.Node(
          "Reshape",
          {Dense(at + what, width_, width_, x), graph_.Wholes({0, 0, heads_, width_ / heads_})});
      return graph_.Node("Transpose", {y}, {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
    };
    const std::string query = heads("query"), key = heads("key"), value = heads("value");
    const std::string turned =
        graph_.Node("Transpose", {key}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}});
    const double root = std::sqrt(static_cast<double>(width_) / static_cast<double>(heads_));
    const std::string scores = graph_.Node(
        "Div", {graph_.Node("MatMul", {query, turned}), graph_.Scalar(static_cast<float>(root))});
    const std::string weights =
        graph_.Node("Softmax", {graph_.Node("Add", {scores, bias})}, {{"axis", int64_t{-1}}});
    const std::string mixed = graph_.Node("Transpose", {graph_.Node("MatMul", {weights, value})},
                                          {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
    return graph_.Node("Reshape", {mixed, graph_.Wholes({0, 0, width_})});
  }

  ForeignFiles& files_;
  GraphBuilder& graph_;
  const int64_t width_, heads_, hidden_, vocabulary_;
  const float epsilon_;
  const Activation activation_;
};

absl::StatusOr<Graph> ReadBert(ForeignFiles& files) {
  absl::StatusOr<BertGraph> bert = DrawBert(files);
  if (!bert.ok()) return bert.status();
  return bert->graph.Take();
}

PRETEXT_REGISTER_READING("huggingface.BertModel", ReadBert);

}  // namespace

absl::StatusOr<BertGraph> DrawBert(ForeignFiles& files) {
  const std::vector<std::string> architectures = files.Texts("architectures");
  const bool head = architectures == std::vector<std::string>{"BertForMaskedLM"};
  if (!head && architectures != std::vector<std::string>{"BertModel"})
    files.Fail("config.json: architectures is neither BertModel nor BertForMaskedLM");
  if (files.Text("model_type") != "bert") files.Fail("config.json: model_type is not bert");
  BertGraph result;
  GraphBuilder& graph = result.graph;
  Bert bert(files, graph);
  if (absl::Status sizes = files.failure(); !sizes.ok()) return sizes;
  const std::vector<std::string> axes = {"batch", "sequence"};
  for (const char* name : {"input_ids", "attention_mask", "token_type_ids"})
    graph.Input({.name = name, .whole = true, .axes = axes});
  result.mask = graph.Node("Cast", {"attention_mask"}, {{"to", int64_t{1}}});
  // As transformers: the least float32 at padding.
  const std::string none = graph.Node("Sub", {graph.Scalar(1), result.mask});
  const std::string bias = graph.Node(
      "Unsqueeze", {graph.Node("Mul", {none, graph.Scalar(-3.4028235e38f)}), graph.Wholes({1, 2})});
  const std::string at = head ? "bert." : "";
  std::string h = bert.Embeddings(at + "embeddings.");
  for (int64_t i = 0; i < files.Whole("num_hidden_layers"); ++i)
    h = bert.Layer(absl::StrCat(at, "encoder.layer.", i, "."), bias, h);
  graph.Output({.name = "last_hidden_state", .axes = {"batch", "sequence", bert.width()}}, h);
  if (head) {
    graph.Output({.name = "logits", .axes = {"batch", "sequence", bert.vocabulary()}},
                 bert.Predictions(at + "embeddings.word_embeddings.weight", h));
  }
  result.h = h;
  return result;
}

}  // namespace pretext
