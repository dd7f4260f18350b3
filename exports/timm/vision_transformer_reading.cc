// timm's VisionTransformer (timm/models/vision_transformer.py) from config.json's model_args and
// the file's names.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/graph/graph_builder.h"
#include "exports/reading/foreign_files.h"

namespace pretext {
namespace {

constexpr float kEpsilon = 1e-6f;

class Vit {
 public:
  Vit(ForeignFiles& files, GraphBuilder& graph)
      : files_(files),
        graph_(graph),
        channels_(files.Whole("in_chans")),
        patch_(std::max<int64_t>(files.Whole("patch_size"), 1)),
        width_(files.Whole("embed_dim")),
        heads_(std::max<int64_t>(files.Whole("num_heads"), 1)),
        hidden_(static_cast<int64_t>(static_cast<double>(width_) * files.Number("mlp_ratio"))),
        prefix_(files.Truth("class_token") ? 1 : 0) {
    const std::vector<int64_t> sides = files.Wholes("img_size");
    if (sides.size() != 2) files.Fail("config.json: img_size is no pair");
    height_ = sides.size() == 2 ? sides[0] : 0;
    side_ = sides.size() == 2 ? sides[1] : 0;
    patches_ = height_ / patch_ * (side_ / patch_);
  }

  std::string Input() {
    return graph_.Input(
        {.name = "pixel_values",
         .axes = {"batch", absl::StrCat(channels_), absl::StrCat(height_), absl::StrCat(side_)}});
  }

  // _pos_embed: the class token before the patches, then positions. What is there once a picture
  // comes as a row of the patches' own, times 0.
  std::string Embed(const std::string& pixels) {
    const std::string at = "patch_embed.proj";
    std::string x =
        graph_.Conv(pixels, at, files_.Take(at + ".weight", {width_, channels_, patch_, patch_}),
                    files_.Take(at + ".bias", {width_}), patch_, 0);
    x = graph_.Node("Transpose",
                    {graph_.Node("Reshape", {x, graph_.Wholes({0, width_, patches_})})},
                    {{"perm", std::vector<int64_t>{0, 2, 1}}});
    if (prefix_ > 0) {
      std::vector<int64_t> order(static_cast<size_t>(patches_) + 1, 0);
      Tensor is_patch = Tensor::Full({patches_ + 1, 1}, 1),
             token = Tensor::Zeros({patches_ + 1, width_});
      for (int64_t p = 0; p < patches_; ++p) order[static_cast<size_t>(p) + 1] = p;
      is_patch.data()[0] = 0;
      const Tensor first = files_.Take("cls_token", {1, 1, width_});
      for (int64_t c = 0; c < width_; ++c) token.data()[c] = first.data()[c];
      x = graph_.Node("Gather", {x, graph_.Wholes(order)}, {{"axis", int64_t{1}}});
      x = graph_.Node("Mul", {x, graph_.Constant("is_patch", is_patch)});
      x = graph_.Node("Add", {x, graph_.Constant("cls_token", token)});
    }
    const Tensor positions = files_.Take("pos_embed", {1, prefix_ + patches_, width_});
    return graph_.Node("Add", {x, graph_.Constant("pos_embed", positions)});
  }

  std::string Block(int64_t number, const std::string& x) {
    const std::string at = absl::StrCat("blocks.", number, ".");
    const std::string y = graph_.Node(
        "Add", {x, Scaled(at + "ls1.gamma", Attention(at + "attn.", Norm(at + "norm1", x)))});
    const std::string inner = graph_.Activate(
        Dense(at + "mlp.fc1", width_, hidden_, Norm(at + "norm2", y)), Activation::kGelu);
    return graph_.Node(
        "Add", {y, Scaled(at + "ls2.gamma", Dense(at + "mlp.fc2", hidden_, width_, inner))});
  }

  std::string Norm(const std::string& name, const std::string& x) {
    return graph_.LayerNorm(x, name, files_.Take(name + ".weight", {width_}),
                            files_.Take(name + ".bias", {width_}), kEpsilon);
  }

  std::string Pool(const std::string& pool, const std::string& x) {
    if (pool == "token") return graph_.Node("Gather", {x, graph_.Whole(0)}, {{"axis", int64_t{1}}});
    if (pool != "avg") files_.Fail(absl::StrCat("config.json: no global_pool ", pool));
    std::vector<int64_t> rows;
    for (int64_t p = 0; p < patches_; ++p) rows.push_back(prefix_ + p);
    const std::string patches =
        graph_.Node("Gather", {x, graph_.Wholes(rows)}, {{"axis", int64_t{1}}});
    const std::string sum =
        graph_.Node("ReduceSum", {patches, graph_.Wholes({1})}, {{"keepdims", int64_t{0}}});
    return graph_.Node("Div", {sum, graph_.Scalar(static_cast<float>(patches_))});
  }

  std::string width() const { return absl::StrCat(width_); }

 private:
  std::string Dense(const std::string& name, int64_t in, int64_t out, const std::string& x) {
    return graph_.Linear(x, name, files_.Take(name + ".weight", {out, in}),
                         files_.Take(name + ".bias", {out}));
  }
  std::string Scaled(const std::string& name, const std::string& x) {
    if (files_.ShapeOf(name).rank() == 0) return x;
    return graph_.Node("Mul", {x, graph_.Constant(name, files_.Take(name, {width_}))});
  }

  // qkv.reshape(B, N, 3, heads, D / heads).permute(2, 0, 3, 1, 4).unbind(0)
  std::string Attention(const std::string& at, const std::string& x) {
    const std::string packed = graph_.Node(
        "Reshape", {Dense(at + "qkv", width_, 3 * width_, x), graph_.Wholes({0, 0, 3, width_})});
    const auto part = [&](int64_t which) {
      const std::string own =
          graph_.Node("Gather", {packed, graph_.Whole(which)}, {{"axis", int64_t{2}}});
      return graph_.Node(
          "Transpose",
          {graph_.Node("Reshape", {own, graph_.Wholes({0, 0, heads_, width_ / heads_})})},
          {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
    };
    const std::string query = part(0), key = part(1), value = part(2);
    const double scale = std::pow(static_cast<double>(width_ / heads_), -0.5);
    const std::string scores = graph_.Node(
        "MatMul", {graph_.Node("Mul", {query, graph_.Scalar(static_cast<float>(scale))}),
                   graph_.Node("Transpose", {key}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}})});
    const std::string weights = graph_.Node("Softmax", {scores}, {{"axis", int64_t{-1}}});
    const std::string mixed = graph_.Node("Transpose", {graph_.Node("MatMul", {weights, value})},
                                          {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
    return Dense(at + "proj", width_, width_,
                 graph_.Node("Reshape", {mixed, graph_.Wholes({0, 0, width_})}));
  }

  ForeignFiles& files_;
  GraphBuilder& graph_;
  const int64_t channels_, patch_, width_, heads_, hidden_, prefix_;
  int64_t height_ = 0, side_ = 0, patches_ = 0;
};

absl::StatusOr<Graph> ReadVit(ForeignFiles& files) {
  files.Enter("model_args");
  const int64_t depth = files.Whole("depth");
  const std::string pool = files.Text("global_pool");
  // An average is normalised after pooling, by fc_norm, unless that is false.
  if (files.Truth("fc_norm")) files.Fail("config.json: fc_norm is true");
  if (!files.failure().ok()) return files.failure();
  GraphBuilder graph;
  Vit vit(files, graph);
  std::string x = vit.Embed(vit.Input());
  for (int64_t i = 0; i < depth && files.failure().ok(); ++i) x = vit.Block(i, x);
  x = vit.Norm("norm", x);
  graph.Output({.name = "features", .axes = {"batch", vit.width()}}, vit.Pool(pool, x));
  if (!files.failure().ok()) return files.failure();
  return graph.Take();
}

PRETEXT_REGISTER_READING("timm.VisionTransformer", ReadVit);

}  // namespace
}  // namespace pretext
