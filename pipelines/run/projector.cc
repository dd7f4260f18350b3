#include "pipelines/run/projector.h"

#include <google/protobuf/text_format.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "pipelines/run/projector_config.pb.h"

namespace pretext {
namespace {

// A cell of the table: what parts cells and lines is a space.
std::string Cell(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\t", " "}, {"\n", " "}, {"\r", " "}});
}

std::string Values(const ProjectorPoints& points) {
  std::string text;
  for (int64_t n = 0; n < points.count; ++n) {
    for (int64_t d = 0; d < points.width; ++d)
      absl::StrAppend(&text, d > 0 ? "\t" : "", points.values[n * points.width + d]);
    absl::StrAppend(&text, "\n");
  }
  return text;
}

// Two columns at least: of one there would be no line of names.
std::string Metadata(const ProjectorPoints& points) {
  std::string text = absl::StrCat("index\tclass", points.text.empty() ? "" : "\ttext", "\n");
  for (int64_t n = 0; n < points.count; ++n) {
    absl::StrAppend(&text, points.index[n], "\t",
                    points.label.empty() ? "" : Cell(points.label[n]));
    if (!points.text.empty()) absl::StrAppend(&text, "\t", Cell(points.text[n]));
    absl::StrAppend(&text, "\n");
  }
  return text;
}

}  // namespace

absl::Status WriteProjector(const std::string& folder, const ProjectorPoints& points) {
  absl::Status status = MakeFolders(absl::StrCat(folder, "/projector"));
  const auto write = [&](const std::string& name, const std::string& contents) {
    if (status.ok()) status = WriteFileAtomically(absl::StrCat(folder, "/", name), contents);
  };
  tensorboard::ProjectorConfig config;
  tensorboard::EmbeddingInfo& embedding = *config.add_embeddings();
  embedding.set_tensor_name("h");
  embedding.add_tensor_shape(static_cast<uint32_t>(points.count));
  embedding.add_tensor_shape(static_cast<uint32_t>(points.width));
  embedding.set_tensor_path("projector/h.tsv");
  embedding.set_metadata_path("projector/metadata.tsv");
  write("projector/h.tsv", Values(points));
  write("projector/metadata.tsv", Metadata(points));
  if (!points.sprite.empty()) {
    tensorboard::SpriteMetadata& sprite = *embedding.mutable_sprite();
    sprite.set_image_path("projector/sprite.png");
    sprite.add_single_image_dim(static_cast<uint32_t>(points.cell_width));
    sprite.add_single_image_dim(static_cast<uint32_t>(points.cell_height));
    write("projector/sprite.png", points.sprite);
  }
  std::string text;
  google::protobuf::TextFormat::PrintToString(config, &text);
  // Last: what it names is there.
  write("projector_config.pbtxt", text);
  return status;
}

}  // namespace pretext
