// A ResNet's evaluation: nothing is kept for a way back.
#include <omp.h>

#include <algorithm>
#include <utility>

#include "core/layers/folded_convolution.h"
#include "encoders/res_net/res_net.h"

namespace pretext {

struct ResNetEncoder::FoldedBlock {
  std::vector<FoldedConvolution> path;
  std::vector<FoldedConvolution> shortcut;  // none or one

  PackedImages operator()(PackedImages x) const {
    PackedImages y = path.front()(x);
    for (size_t i = 1; i + 1 < path.size(); ++i) y = path[i](y);
    PackedImages residual = shortcut.empty() ? std::move(x) : shortcut.front()(x);
    return path.back()(y, std::move(residual));
  }
};

size_t ResNetEncoder::FirstFolded(Precision precision) const {
  if (precision != Precision::kBfloat16 || !FoldedConvolution::Available()) return blocks_.size();
  const auto suits = [](const Block& block) {
    return std::all_of(block.path.begin(), block.path.end(),
                       [](const ConvNorm& layer) { return FoldedConvolution::Suits(layer.conv); });
  };
  // Later blocks have more channels.
  return std::find_if(blocks_.begin(), blocks_.end(), suits) - blocks_.begin();
}

std::vector<ResNetEncoder::FoldedBlock> ResNetEncoder::Fold(size_t first, int64_t height,
                                                            int64_t width) const {
  std::vector<FoldedBlock> folded;
  for (auto block = blocks_.begin() + static_cast<int64_t>(first); block != blocks_.end();
       ++block) {
    FoldedBlock& now = folded.emplace_back();
    for (const ConvNorm& s : block->shortcut)
      now.shortcut.emplace_back(s.conv, s.norm, height, width, /*relu=*/false);
    for (const ConvNorm& layer : block->path) {
      now.path.emplace_back(layer.conv, layer.norm, height, width, /*relu=*/true);
      height = now.path.back().out_height();
      width = now.path.back().out_width();
    }
  }
  return folded;
}

// Some images at a time, so that what flows from block to block stays in a cache; of folded blocks,
// whose images are in blocks of 32, one such for each thread.
Var ResNetEncoder::Evaluate(Tape& tape, Var x, const ForwardContext& context) const {
  constexpr int64_t kRows = 64;
  const size_t first_folded = FirstFolded(tape.precision());
  const bool folds = first_folded < blocks_.size();
  const int64_t rows = folds ? std::max<int64_t>(kRows, 32 * omp_get_max_threads()) : kRows;
  std::vector<FoldedBlock> folded;
  const Tensor input = x.value().Plain();
  Tensor features = Tensor::Uninitialized({input.dim(0), features_});
  for (int64_t begin = 0; begin < input.dim(0); begin += rows) {
    const int64_t end = std::min(input.dim(0), begin + rows);
    Tensor image;
    const auto run = [&](auto operation, Tensor from) {
      Tape part(false);
      const PrecisionScope precision(part, tape.precision());
      image = operation(part, part.Constant(std::move(from))).value();
    };
    run([&](Tape& part, Var from) { return Stem(part, from, context); }, input.Rows(begin, end));
    for (size_t i = 0; i < first_folded; ++i) {
      run([&](Tape& part, Var from) { return Apply(blocks_[i], part, from, context); },
          std::move(image));
    }
    if (folds) {
      if (folded.empty()) folded = Fold(first_folded, image.dim(2), image.dim(3));
      PackedImages packed = PackedImages::Of(image);
      image = Tensor();
      for (const FoldedBlock& block : folded) packed = block(std::move(packed));
      image = packed.Average();
    } else {
      run([&](Tape& part, Var from) { return GlobalAveragePool(part, from); }, std::move(image));
    }
    std::copy_n(image.data(), image.size(), features.data() + begin * features_);
  }
  return tape.Constant(std::move(features));
}

}  // namespace pretext
