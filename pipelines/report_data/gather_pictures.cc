#include <algorithm>
#include <cmath>

#include "base/image/image_io.h"
#include "core/loader/loader.h"
#include "core/plugin/forward_pass.h"
#include "kernels/knn/knn.h"
#include "pipelines/preview/sample_tiles.h"
#include "pipelines/report_data/gather_parts.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

constexpr int kSide = 64;          // of a picture in a gallery, at most
constexpr int64_t kQueries = 8;    // samples whose neighbours are shown
constexpr int64_t kNear = 6;       // of them
constexpr int64_t kShownEach = 6;  // best and worst reconstructions
constexpr int64_t kRows = 6;       // samples whose views are shown
constexpr int64_t kDraws = 2;      // of the views of each

// The sample's picture, small, on the scale.
Tile TileOf(const Sample& sample, const Shades& shades) {
  Tile tile = ToTile(sample.type, sample.values, kSide);
  shades.Apply(tile);
  return tile;
}

void Fill(const Sample& sample, const Shades& shades, const Tokenizer* tokenizer,
          ReportData::Thumbnail& thumbnail) {
  thumbnail.set_label(sample.label);
  thumbnail.set_index(sample.index);
  if (tokenizer != nullptr) thumbnail.set_text(TextOf(sample, *tokenizer));
  if (IsPicture(sample.type)) SetPicture(TileOf(sample, shades), thumbnail);
}

void AddSheet(const std::string& tag, const std::vector<Tile>& pictures, int columns,
              GatheredReport& gathered) {
  if (pictures.empty()) return;
  const Tile sheet = SheetOf(pictures, columns);
  gathered.pictures.push_back({.tag = tag,
                               .png = EncodePng(sheet.pixels.data(), sheet.shape),
                               .height = sheet.shape.height,
                               .width = sheet.shape.width,
                               .channels = sheet.shape.channels});
}

std::vector<float> InverseLengths(const Features& features) {
  std::vector<float> inverse;
  for (int64_t n = 0; n < features.count; ++n) {
    double square = 0;
    for (int64_t c = 0; c < features.width; ++c)
      square += std::pow(double{features.values[n * features.width + c]}, 2);
    inverse.push_back(static_cast<float>(1 / std::max(std::sqrt(square), 1e-12)));
  }
  return inverse;
}

}  // namespace

absl::Status GatherNeighbors(Assembled& parts, const ShownSamples& shown, int64_t searched,
                             const Work& work, ReportData& data) {
  if (shown.h.count == 0 || !CheckFinite(shown.h, "shown").ok()) return absl::OkStatus();
  const auto among = ReadShown(parts, Split::kTrain, searched, work);
  if (!among.ok()) return among.status();
  if (among->h.count == 0 || !CheckFinite(among->h, "searched").ok()) return absl::OkStatus();
  data.set_searched(among->h.count);
  const Tokenizer* const tokenizer = parts.dataset->tokenizer();
  const int64_t width = shown.h.width, k = std::min(kNear, among->h.count);
  const std::vector<float> inverse = InverseLengths(among->h);
  const std::vector<float> own_inverse = InverseLengths(shown.h);
  Shades shades;
  for (const Sample& sample : shown.samples) shades.Add(sample.values);
  for (const Sample& sample : among->samples) shades.Add(sample.values);
  for (int64_t q = 0; q < std::min(kQueries, shown.h.count); ++q) {
    std::vector<int32_t> indices(k);
    std::vector<float> scores(k);
    NearestNeighbors(shown.h.values.data() + q * width, 1, among->h.values.data(), inverse.data(),
                     among->h.count, width, k, indices.data(), scores.data());
    ReportData::Neighbors& row = *data.add_neighbors();
    Fill(shown.samples[q], shades, tokenizer, *row.mutable_sample());
    for (int64_t i = 0; i < k; ++i) {
      Fill(among->samples[indices[i]], shades, tokenizer, *row.add_near());
      row.add_cosine(scores[i] * own_inverse[q]);
    }
  }
  return absl::OkStatus();
}

absl::Status GatherViews(Assembled& parts, GatheredReport& gathered) {
  if (!IsPicture(parts.sample) || !IsPicture(parts.view)) return absl::OkStatus();
  const bool changed = std::any_of(parts.chains.begin(), parts.chains.end(),
                                   [](const auto& chain) { return !chain.empty(); });
  if (!changed) return absl::OkStatus();
  const absl::StatusOr<std::vector<SampleWithViews>> drawn = DrawViews(parts, kRows, kDraws);
  if (!drawn.ok()) return drawn.status();
  Shades sample_shades, view_shades;
  for (const SampleWithViews& shown : *drawn) {
    sample_shades.Add(shown.sample.values);
    for (const std::vector<Sample>& views : shown.draws) {
      for (const Sample& view : views) view_shades.Add(view.values);
    }
  }
  std::vector<Tile> sheet;
  for (const SampleWithViews& shown : *drawn) {
    ReportData::Views& row = *gathered.data.add_views();
    Fill(shown.sample, sample_shades, nullptr, *row.mutable_sample());
    for (const std::vector<Sample>& views : shown.draws) {
      for (const Sample& view : views) {
        Fill(view, view_shades, nullptr, *row.add_view());
        sheet.push_back(TileOf(view, view_shades));
      }
    }
  }
  AddSheet("views", sheet, static_cast<int>(kDraws * parts.views()), gathered);
  return absl::OkStatus();
}

absl::Status GatherReconstructions(Assembled& parts, int64_t count, const Work& work,
                                   GatheredReport& gathered) {
  const bool reconstructs =
      parts.loss->needs_clean() && parts.head->output().size() == parts.sample.size();
  if (!reconstructs || !IsPicture(parts.sample)) return absl::OkStatus();
  const Split split = JudgedSplit(parts);
  const int64_t drawn = std::min(count, parts.dataset->size(split));
  const int64_t batch_size = std::min(drawn, parts.config->evaluate().batch_size());
  Loader loader(*parts.dataset, {.split = split,
                                 .batch_size = batch_size,
                                 .limit = drawn,
                                 .views = {parts.chains[0]},
                                 .evaluation = true,
                                 .clean = true});
  struct Pair {
    double error = 0;
    int64_t index = 0;
    std::vector<float> given_back;
  };
  std::vector<Pair> pairs;
  Batch batch;
  const int64_t size = parts.sample.size();
  for (int64_t b = 0; b < loader.batches_per_epoch(); ++b) {
    absl::Status s =
        work.Tell("reconstructions for the report",
                  static_cast<double>(b) / static_cast<double>(loader.batches_per_epoch()));
    if (s.ok()) s = loader.Next(batch);
    if (!s.ok()) return s;
    Tape tape(/*recording=*/false);
    const ForwardPass pass = Forward(tape, *parts.encoder, *parts.head, batch, ForwardContext());
    const Tensor back = parts.loss->Reconstruction(pass.z.value.value().Plain());
    const Tensor clean = batch.clean.Plain();
    for (int64_t n = 0; n < batch.samples; ++n) {
      Pair& pair = pairs.emplace_back();
      pair.index = batch.indices[n];
      pair.given_back.assign(back.data() + n * size, back.data() + (n + 1) * size);
      for (int64_t i = 0; i < size; ++i) {
        pair.error += std::pow(double{back.data()[n * size + i]} - clean.data()[n * size + i], 2) /
                      static_cast<double>(size);
      }
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.error < b.error; });
  const auto all = static_cast<int64_t>(pairs.size());
  std::vector<Tile> sheet;
  for (int64_t i = 0; i < all; ++i) {
    if (i >= kShownEach && i < all - kShownEach) continue;
    Sample sample;
    absl::Status s = parts.dataset->Read(split, pairs[i].index, sample);
    if (!s.ok()) return s;
    Shades shades;
    shades.Add(sample.values);
    ReportData::Reconstruction& shown = *gathered.data.add_reconstruction();
    Fill(sample, shades, nullptr, *shown.mutable_sample());
    sheet.push_back(TileOf(sample, shades));
    // On the sample's scale: what leaves it is black or white.
    sample.values = pairs[i].given_back;
    Fill(sample, shades, nullptr, *shown.mutable_given_back());
    sheet.push_back(TileOf(sample, shades));
    shown.set_error(pairs[i].error);
  }
  constexpr int kColumns = 4;  // two pairs side by side
  AddSheet("reconstructions", sheet, kColumns, gathered);
  return absl::OkStatus();
}

}  // namespace pretext
