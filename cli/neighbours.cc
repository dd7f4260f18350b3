#include <algorithm>
#include <cstdio>
#include <iterator>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file/extension.h"
#include "base/file/file_writer.h"
#include "base/image/image_io.h"
#include "base/text/counted.h"
#include "base/text/one_line.h"
#include "cli/command.h"
#include "cli/out_path.h"
#include "pipelines/embed/batch_encoder.h"
#include "pipelines/embed/input.h"
#include "pipelines/neighbours/named_tiles.h"
#include "pipelines/neighbours/nearest.h"
#include "pipelines/preview/contact_sheet.h"

ABSL_FLAG(std::string, among, "",
          "vectors that `pretext embed` wrote by the same encoder, .npy or .safetensors");
ABSL_DECLARE_FLAG(std::string, input);
ABSL_DECLARE_FLAG(std::string, unit);
ABSL_DECLARE_FLAG(std::string, out);
ABSL_DECLARE_FLAG(int, top);

namespace pretext {
namespace {

constexpr size_t kMostQueries = 1000;
constexpr int kMostTop = 1000;
constexpr size_t kMostOfSheet = 40;  // rows, and tiles of a row

struct Queries {
  std::vector<std::string> names;
  std::vector<float> vectors;
};

absl::StatusOr<Queries> EmbedQueries(BatchEncoder& encoder, const InputOptions& what) {
  absl::StatusOr<std::unique_ptr<Input>> input = OpenInput(what, encoder.trained());
  if (!input.ok()) return input.status();
  Queries queries;
  InputBlock block;
  TextCounts counts;
  while (true) {
    if (absl::Status status = (*input)->Next(block); !status.ok()) return status;
    if (!block.faults.empty()) return absl::DataLossError(block.faults[0]);
    if (block.names.empty()) break;
    queries.names.insert(queries.names.end(), block.names.begin(), block.names.end());
    if (queries.names.size() > kMostQueries) {
      return absl::InvalidArgumentError(absl::StrCat(
          what.input, ": more than ", Counted(kMostQueries), " inputs to look for at once"));
    }
    const absl::StatusOr<Rows> rows = encoder.of_text() ? encoder.OfTexts(block.texts, &counts)
                                                        : encoder.OfSamples(block.samples);
    if (!rows.ok()) return rows.status();
    queries.vectors.insert(queries.vectors.end(), rows->values.begin(), rows->values.end());
  }
  if (!queries.names.empty()) return queries;
  return absl::InvalidArgumentError(absl::StrCat(what.input, ": there is nothing in it"));
}

// A picture by another name would be text: its extension says what is written.
absl::Status CheckExtension(const std::string& out) {
  const absl::string_view extension = ExtensionOf(out);
  if (extension.empty() || extension == ".png" || extension == ".txt") return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--out ", out, ": neighbours are written as .png, a sheet, or as .txt"));
}

std::string AsText(const Queries& queries, const VectorTable& table,
                   const std::vector<std::vector<Neighbour>>& nearest) {
  std::string text;
  for (size_t q = 0; q < nearest.size(); ++q) {
    absl::StrAppend(&text, LineOfName(queries.names[q]), "\n");
    for (const Neighbour& neighbour : nearest[q]) {
      absl::StrAppendFormat(&text, "  %7.4f  %s\n", neighbour.cosine,
                            LineOfName(table.name(neighbour.row)));
    }
  }
  return text;
}

// A row for each query: it, then its neighbours, nearest first.
absl::Status DrawSheet(const Queries& queries, const VectorTable& table,
                       const std::vector<std::vector<Neighbour>>& nearest,
                       const std::string& path) {
  const size_t rows = std::min(nearest.size(), kMostOfSheet);
  std::vector<std::string> names;
  std::vector<size_t> ends;  // of each row's, in `names`
  for (size_t q = 0; q < rows; ++q) {
    names.push_back(queries.names[q]);
    for (size_t k = 0; k < std::min(nearest[q].size(), kMostOfSheet); ++k) {
      names.push_back(table.name(nearest[q][k].row));
    }
    ends.push_back(names.size());
  }
  // All at once: a file of records is read once for all of them.
  absl::StatusOr<std::vector<Tile>> tiles = TilesOf(names);
  if (!tiles.ok()) return tiles.status();
  std::vector<std::vector<std::vector<Tile>>> groups(2);
  auto next = std::make_move_iterator(tiles->begin());
  for (const size_t end : ends) {
    groups[0].push_back({*next++});
    const auto row_end = std::make_move_iterator(tiles->begin() + static_cast<ptrdiff_t>(end));
    groups[1].emplace_back(next, row_end);
    next = row_end;
  }
  const Tile sheet = ContactSheet(groups);
  return WritePng(path, sheet.pixels.data(), sheet.shape);
}

}  // namespace

absl::Status NeighboursCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("neighbours", arguments, 1, 1); !status.ok()) return status;
  const int top = absl::GetFlag(FLAGS_top);
  if (top < 1 || top > kMostTop) {
    return absl::InvalidArgumentError(
        absl::StrCat("--top is a number from 1 to ", kMostTop, "; it is ", top));
  }
  const std::string among = absl::GetFlag(FLAGS_among);
  InputOptions what{.input = absl::GetFlag(FLAGS_input), .labels = ""};
  if (what.input.empty() || among.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what.input.empty() ? "--input is missing: what neighbours are wanted of"
                                        : "--among is missing: the vectors of pretext embed"));
  }
  const absl::StatusOr<TextUnit> unit = ParseTextUnit(absl::GetFlag(FLAGS_unit));
  if (!unit.ok()) return unit.status();
  what.unit = *unit;
  std::string out = absl::GetFlag(FLAGS_out);
  const bool sheet = absl::EndsWith(out, ".png");
  if (!out.empty()) {
    if (auto status = CheckExtension(out); !status.ok()) return status;
    const Result result = sheet ? Result::kSheet : Result::kNeighbours;
    const absl::StatusOr<std::string> path = OutPath(result, {what.input, among});
    if (!path.ok()) return path.status();
    out = *path;
  }
  absl::StatusOr<BatchEncoder> encoder = BatchEncoder::Open(arguments[0]);
  if (!encoder.ok()) return encoder.status();
  const TrainedEncoder& trained = encoder->trained();
  if (sheet && !trained.file.has_pictures()) {
    return absl::InvalidArgumentError(absl::StrCat("--out ", out, ": ",
                                                   encoder->of_text() ? "texts" : "arrays",
                                                   " are no pictures; name a .txt"));
  }
  const absl::StatusOr<VectorTable> table = VectorTable::Open(among);
  if (!table.ok()) return table.status();
  if (table->width() != encoder->width()) {
    return absl::InvalidArgumentError(absl::StrCat(
        among, ": has vectors of ", table->width(), ", and ", arguments[0], " makes vectors of ",
        encoder->width(), ": they are to be of the same encoder"));
  }
  if (!table->encoder().empty()) {
    const std::string mark = encoder->Mark();
    if (table->encoder() != mark) {
      return absl::InvalidArgumentError(
          absl::StrCat(among, ": has vectors of ", table->encoder(), ", and ", arguments[0],
                       " compares with ", mark, ": embed what is among them with this one"));
    }
  }
  const absl::StatusOr<Queries> queries = EmbedQueries(*encoder, what);
  if (!queries.ok()) return queries.status();
  const auto nearest = FindNearest(*table, queries->vectors, queries->names, top);
  const std::string text = AsText(*queries, *table, nearest);
  if (out.empty()) {
    std::fputs(text.c_str(), stdout);
    return absl::OkStatus();
  }
  const absl::Status written =
      sheet ? DrawSheet(*queries, *table, nearest, out) : WriteFileAtomically(out, text);
  if (!written.ok()) return written;
  std::fprintf(SaidBeside(out), "%s: %s\n", out.c_str(),
               sheet && nearest.size() > kMostOfSheet
                   ? absl::StrCat("the first ", kMostOfSheet, " of ", nearest.size(),
                                  " inputs, each before its neighbours")
                         .c_str()
                   : "each input before its neighbours, nearest first");
  return absl::OkStatus();
}

}  // namespace pretext
