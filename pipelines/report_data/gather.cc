#include "pipelines/report_data/gather.h"

#include <algorithm>
#include <cmath>

#include "base/image/image_io.h"
#include "core/plugin/tokenizer.h"
#include "evaluation/features/encode.h"
#include "evaluation/pca/pca.h"
#include "evaluation/tsne/tsne.h"
#include "pipelines/assembly/combinations.h"
#include "pipelines/preview/sample_tiles.h"
#include "pipelines/report_data/gather_parts.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

constexpr int kCellSide = 28;  // of a picture on the map's sheet, at most

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
  constexpr int64_t kFitted = GatherOptions::kFitted;
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

absl::Status AddTsne(const Features& h, const Work& work, ReportData::Map& map) {
  const absl::StatusOr<TsneResult> tsne =
      Tsne(h, {map.pca_x().begin(), map.pca_x().end()}, {map.pca_y().begin(), map.pca_y().end()},
           {.work = work});
  if (!tsne.ok()) return tsne.status();
  map.mutable_tsne_x()->Add(tsne->x.begin(), tsne->x.end());
  map.mutable_tsne_y()->Add(tsne->y.begin(), tsne->y.end());
  map.set_perplexity(tsne->perplexity);
  return absl::OkStatus();
}

// What the samples are: classes, words, pictures on one sheet.
absl::Status AddSamples(const Assembled& parts, const std::vector<int64_t>& indices,
                        ReportData::Map& map) {
  const Tokenizer* const tokenizer = parts.dataset->tokenizer();
  Shades shades;
  std::vector<Tile> pictures;
  Sample sample;
  for (const int64_t index : indices) {
    absl::Status s = parts.dataset->Read(JudgedSplit(parts), index, sample);
    if (!s.ok()) return s;
    map.add_label(sample.label);
    map.add_index(index);
    if (tokenizer != nullptr) map.add_text(TextOf(sample, *tokenizer));
    if (!IsPicture(sample.type)) continue;
    shades.Add(sample.values);
    pictures.push_back(ToTile(sample.type, sample.values, kCellSide));
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

}  // namespace

absl::StatusOr<Features> EncodeShown(Assembled& parts, Split split, int64_t count,
                                     const Work& work) {
  const Work told([&work](absl::string_view, double share) {
    return work.Tell("samples for the report", share).ok();
  });
  return EncodeSplit(parts.kept_encoder(), *parts.dataset,
                     {.split = split,
                      .batch_size = parts.config->evaluate().batch_size(),
                      .limit = count,
                      .chain = parts.chains[0],
                      .precision = parts.precision(),
                      .work = told});
}

absl::Status GatherMap(Assembled& parts, const Features& h, const Work& work, ReportData& data) {
  if (h.count < 2) return absl::OkStatus();
  // A run that went wrong has its report too, without a map.
  if (!CheckFinite(h, "shown").ok()) return absl::OkStatus();
  if (absl::Status s = AddPca(h, work, data); !s.ok()) return s;
  if (h.count >= 30) {  // fewer are better seen by PCA
    if (absl::Status s = AddTsne(h, work, *data.mutable_map()); !s.ok()) return s;
  }
  return AddSamples(parts, h.indices, *data.mutable_map());
}

absl::StatusOr<GatheredReport> GatherReportData(Assembled& parts, const GatherOptions& options) {
  GatheredReport gathered;
  ReportData& data = gathered.data;
  const Split split = JudgedSplit(parts);
  data.set_split(split == Split::kValidation ? "validation" : "test");
  data.set_features(parts.encoder->features());
  for (const std::string& name : parts.dataset->class_names()) data.add_class_name(name);
  if (options.samples == 0) return gathered;
  if (absl::Status s = GatherViews(parts, options.tensorboard, gathered); !s.ok()) return s;
  if (parts.dataset->size(split) == 0) return gathered;
  absl::StatusOr<Features> h = EncodeShown(parts, split, options.samples, options.work);
  absl::Status status = h.status();
  if (status.ok()) status = GatherMap(parts, *h, options.work, data);
  if (status.ok()) status = GatherNeighbors(parts, *h, options.searched, options.work, data);
  if (status.ok()) {
    status =
        GatherReconstructions(parts, options.samples, options.tensorboard, options.work, gathered);
  }
  if (status.ok()) status = GatherLanguage(parts, options.counts, options.work, data);
  if (!status.ok()) return status;
  if (options.tensorboard) gathered.h = *std::move(h);
  return gathered;
}

}  // namespace pretext
