#include <algorithm>
#include <utility>

#include "base/image/image_io.h"
#include "core/loader/loader.h"
#include "core/plugin/forward_pass.h"
#include "core/tensor/memory_pool.h"
#include "evaluation/knn/by_cosine.h"
#include "kernels/reconstruction/reconstruction.h"
#include "pipelines/assembly/combinations.h"
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

struct Reconstruction {
  double error = 0;  // the mean square of a value's
  int64_t index = 0;
  std::vector<float> given_back;
};

// The kShownEach best and worst of many, kept as they come; of equal ones the first count as the
// better ones.
class BestAndWorst {
 public:
  void Add(double error, int64_t index, const float* given_back, int64_t size) {
    const auto at =
        std::upper_bound(kept_.begin(), kept_.end(), error,
                         [](double value, const Reconstruction& r) { return value < r.error; });
    // Neither is what comes to stand in the middle, whatever else comes.
    const bool full = kept_.size() == 2 * kShownEach;
    if (full && at - kept_.begin() == kShownEach) return;
    kept_.insert(at, {error, index, {given_back, given_back + size}});
    if (full) kept_.erase(kept_.begin() + kShownEach);
  }
  const std::vector<Reconstruction>& kept() const { return kept_; }  // the best first

 private:
  std::vector<Reconstruction> kept_;
};

// Adds all of the samples drawn.
absl::Status Reconstruct(Assembled& parts, int64_t count, const Work& work, BestAndWorst& kept) {
  Loader loader(*parts.dataset, {.split = JudgedSplit(parts),
                                 .batch_size = parts.config->evaluate().batch_size(),
                                 .limit = count,
                                 .views = {parts.chains[0]},
                                 .evaluation = true,
                                 .clean = true});
  const int64_t size = parts.sample.size();
  int64_t last_samples = 0;
  Batch batch;
  for (int64_t b = 0; b < loader.batches_per_epoch(); ++b) {
    absl::Status s =
        work.Tell("reconstructions for the report",
                  static_cast<double>(b) / static_cast<double>(loader.batches_per_epoch()));
    if (s.ok()) s = loader.Next(batch);
    if (!s.ok()) return s;
    // The tensors of a batch of another size are others: these and those are not kept.
    if (batch.samples != std::exchange(last_samples, batch.samples)) MemoryPool::Trim();
    Tape tape(/*recording=*/false);
    const ForwardPass pass =
        Forward(tape, *parts.encoder, *parts.head, batch, {.precision = parts.precision()});
    const Tensor back = parts.loss->Reconstruction(pass.z.value.value().Plain());
    const Tensor clean = batch.clean.Plain();
    for (int64_t n = 0; n < batch.samples; ++n) {
      const float* const given_back = back.data() + n * size;
      const double error = SquaredError(size, given_back, clean.data() + n * size, 1, nullptr);
      kept.Add(error / static_cast<double>(size), batch.indices[n], given_back, size);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status GatherNeighbors(Assembled& parts, const Features& h, int64_t searched,
                             const Work& work, ReportData& data) {
  if (h.count == 0 || !CheckFinite(h, "shown").ok()) return absl::OkStatus();
  const absl::StatusOr<Features> among = EncodeShown(parts, Split::kTrain, searched, work);
  if (!among.ok()) return among.status();
  if (among->count == 0 || !CheckFinite(*among, "searched").ok()) return absl::OkStatus();
  data.set_searched(among->count);
  const int64_t queries = std::min(kQueries, h.count), k = std::min(kNear, among->count);
  std::vector<int32_t> rows(queries * k);
  std::vector<float> scores(queries * k);
  const ByCosine by_cosine(*among, h, queries);
  by_cosine.Nearest(0, queries, k, rows.data(), scores.data());

  std::vector<Sample> samples(queries), near(queries * k);
  Shades shades;
  const auto read = [&](Split split, int64_t index, Sample& sample) {
    absl::Status s = parts.dataset->Read(split, index, sample);
    if (s.ok()) shades.Add(sample.values);
    return s;
  };
  for (int64_t q = 0; q < queries; ++q) {
    absl::Status s = read(JudgedSplit(parts), h.indices[q], samples[q]);
    for (int64_t i = q * k; s.ok() && i < (q + 1) * k; ++i)
      s = read(Split::kTrain, among->indices[rows[i]], near[i]);
    if (!s.ok()) return s;
  }
  const Tokenizer* const tokenizer = parts.dataset->tokenizer();
  for (int64_t q = 0; q < queries; ++q) {
    ReportData::Neighbors& row = *data.add_neighbors();
    Fill(samples[q], shades, tokenizer, *row.mutable_sample());
    for (int64_t i = q * k; i < (q + 1) * k; ++i) {
      Fill(near[i], shades, tokenizer, *row.add_near());
      row.add_cosine(static_cast<float>(scores[i] * by_cosine.scale(q) + by_cosine.offset(q)));
    }
  }
  return absl::OkStatus();
}

absl::Status GatherViews(Assembled& parts, bool sheets, GatheredReport& gathered) {
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
  if (sheets) AddSheet("views", sheet, static_cast<int>(kDraws * parts.views()), gathered);
  return absl::OkStatus();
}

absl::Status GatherReconstructions(Assembled& parts, int64_t count, bool sheets, const Work& work,
                                   GatheredReport& gathered) {
  if (!Reconstructs(parts) || !IsPicture(parts.sample)) return absl::OkStatus();
  BestAndWorst kept;
  if (absl::Status s = Reconstruct(parts, count, work, kept); !s.ok()) return s;
  std::vector<Tile> sheet;
  for (const Reconstruction& reconstruction : kept.kept()) {
    Sample sample;
    absl::Status s = parts.dataset->Read(JudgedSplit(parts), reconstruction.index, sample);
    if (!s.ok()) return s;
    Shades shades;
    shades.Add(sample.values);
    ReportData::Reconstruction& shown = *gathered.data.add_reconstruction();
    Fill(sample, shades, nullptr, *shown.mutable_sample());
    sheet.push_back(TileOf(sample, shades));
    // On the sample's scale: what leaves it is black or white.
    sample.values = reconstruction.given_back;
    Fill(sample, shades, nullptr, *shown.mutable_given_back());
    sheet.push_back(TileOf(sample, shades));
    shown.set_error(reconstruction.error);
  }
  constexpr int kColumns = 4;  // two pairs side by side
  if (sheets) AddSheet("reconstructions", sheet, kColumns, gathered);
  return absl::OkStatus();
}

}  // namespace pretext
