#include "pipelines/report_data/gather.h"

#include <algorithm>
#include <cmath>

#include "base/image/image_io.h"
#include "core/loader/loader.h"
#include "core/plugin/tokenizer.h"
#include "evaluation/pca/pca.h"
#include "evaluation/tsne/tsne.h"
#include "pipelines/preview/sample_tiles.h"
#include "pipelines/report_data/gather_parts.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

constexpr int kCellSide = 28;  // of a picture on the map's sheet, at most
// Samples that principal components are found from: the decomposition takes seconds for them.
constexpr int64_t kFitted = 2000;

// So many of the rows, spread evenly.
Features SomeRows(const Features& h, int64_t count) {
  Features some{.count = count, .width = h.width};
  for (int64_t n = 0; n < count; ++n) {
    const auto row = h.values.begin() + n * h.count / count * h.width;
    some.values.insert(some.values.end(), row, row + h.width);
  }
  return some;
}

// The first two principal components as places; the spectrum.
absl::Status AddPca(const Features& h, const Work& work, ReportData& data) {
  const int64_t components = std::min<int64_t>(2, h.width);
  const absl::StatusOr<Pca> pca = h.count > kFitted
                                      ? Pca::Fit(SomeRows(h, kFitted), components, work)
                                      : Pca::Fit(h, components, work);
  if (!pca.ok()) return pca.status();
  data.mutable_spectrum()->Add(pca->variances().begin(), pca->variances().end());
  const Features codes = pca->Project(h);
  ReportData::Map& map = *data.mutable_map();
  for (int64_t n = 0; n < h.count; ++n) {
    map.add_pca_x(codes.values[n * codes.width]);
    map.add_pca_y(codes.width > 1 ? codes.values[n * codes.width + 1] : 0);
  }
  for (const double share : pca->explained()) map.add_explained(share);
  return absl::OkStatus();
}

}  // namespace

Split JudgedSplit(const Assembled& parts) {
  return parts.config->evaluate().validation() > 0 ? Split::kValidation : Split::kTest;
}

absl::StatusOr<ShownSamples> ReadShown(Assembled& parts, Split split, int64_t count,
                                       const Work& work) {
  ShownSamples shown;
  const int64_t drawn = std::min(count, parts.dataset->size(split));
  if (drawn == 0) return shown;
  const int64_t batch_size = std::min(drawn, parts.config->evaluate().batch_size());
  Loader loader(*parts.dataset, {.split = split,
                                 .batch_size = batch_size,
                                 .limit = drawn,
                                 .views = {parts.chains[0]},
                                 .evaluation = true});
  Features& h = shown.h;
  h.width = parts.encoder->features();
  Batch batch;
  for (int64_t b = 0; b < loader.batches_per_epoch(); ++b) {
    absl::Status s =
        work.Tell("samples for the report",
                  static_cast<double>(b) / static_cast<double>(loader.batches_per_epoch()));
    if (s.ok()) s = loader.Next(batch);
    if (!s.ok()) return s;
    Tape tape(/*recording=*/false);
    const Var out =
        parts.encoder->Forward(tape, tape.Constant(batch.input), batch, ForwardContext{});
    const Tensor rows = parts.encoder->Pool(tape, out, batch).value().Plain();
    h.values.insert(h.values.end(), rows.data(), rows.data() + batch.samples * h.width);
    h.count += batch.samples;
    for (const int64_t index : batch.indices) {
      Sample& sample = shown.samples.emplace_back();
      if (absl::Status read = parts.dataset->Read(split, index, sample); !read.ok()) return read;
      h.labels.push_back(sample.label);
    }
  }
  return shown;
}

absl::Status GatherMap(Assembled& parts, const ShownSamples& shown, const Work& work,
                       ReportData& data) {
  const Features& h = shown.h;
  if (h.count < 2) return absl::OkStatus();
  // A run that went wrong has its report too, without a map.
  if (!CheckFinite(h, "shown").ok()) return absl::OkStatus();
  if (absl::Status s = AddPca(h, work, data); !s.ok()) return s;
  ReportData::Map& map = *data.mutable_map();
  if (h.count >= 30) {  // fewer are better seen by PCA
    const absl::StatusOr<TsneResult> tsne =
        Tsne(h, {map.pca_x().begin(), map.pca_x().end()}, {map.pca_y().begin(), map.pca_y().end()},
             {.work = work});
    if (!tsne.ok()) return tsne.status();
    map.mutable_tsne_x()->Add(tsne->x.begin(), tsne->x.end());
    map.mutable_tsne_y()->Add(tsne->y.begin(), tsne->y.end());
    map.set_perplexity(tsne->perplexity);
  }
  const Tokenizer* const tokenizer = parts.dataset->tokenizer();
  Shades shades;
  for (const Sample& sample : shown.samples) shades.Add(sample.values);
  std::vector<Tile> pictures;
  for (const Sample& sample : shown.samples) {
    map.add_label(sample.label);
    map.add_index(sample.index);
    if (tokenizer != nullptr) map.add_text(TextOf(sample, *tokenizer));
    if (IsPicture(sample.type)) pictures.push_back(ToTile(sample.type, sample.values, kCellSide));
  }
  if (pictures.empty()) return absl::OkStatus();
  for (Tile& picture : pictures) shades.Apply(picture);
  const int columns = static_cast<int>(std::ceil(std::sqrt(static_cast<double>(pictures.size()))));
  const Tile sheet = SheetOf(pictures, columns);
  map.set_sheet(EncodePng(sheet.pixels.data(), sheet.shape));
  map.set_sheet_columns(columns);
  map.set_cell_width(pictures.front().shape.width);
  map.set_cell_height(pictures.front().shape.height);
  return absl::OkStatus();
}

absl::StatusOr<GatheredReport> GatherReportData(Assembled& parts, const GatherOptions& options) {
  GatheredReport gathered;
  ReportData& data = gathered.data;
  const Split split = JudgedSplit(parts);
  data.set_split(split == Split::kValidation ? "validation" : "test");
  data.set_features(parts.encoder->features());
  for (const std::string& name : parts.dataset->class_names()) data.add_class_name(name);
  if (options.samples == 0) return gathered;
  if (absl::Status s = GatherViews(parts, gathered); !s.ok()) return s;
  if (parts.dataset->size(split) == 0) return gathered;
  absl::StatusOr<ShownSamples> shown = ReadShown(parts, split, options.samples, options.work);
  absl::Status status = shown.status();
  if (status.ok()) status = GatherMap(parts, *shown, options.work, data);
  if (status.ok()) status = GatherNeighbors(parts, *shown, options.searched, options.work, data);
  if (status.ok()) status = GatherReconstructions(parts, options.samples, options.work, gathered);
  if (status.ok()) status = GatherLanguage(parts, options.counts, options.work, data);
  if (!status.ok()) return status;
  gathered.h = std::move(shown->h);
  return gathered;
}

}  // namespace pretext
