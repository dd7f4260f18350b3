#include "exports/write/export.h"

#include <google/protobuf/message.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/file/aside.h"
#include "base/file/file_tree.h"
#include "base/file/folder.h"
#include "base/file/folder_path.h"
#include "base/file/mapped_file.h"
#include "base/text/nearest.h"
#include "core/tensor/safetensors.h"
#include "exports/card/model_card.h"
#include "exports/reading/foreign_files.h"

namespace pretext {
namespace {

// In the order in which messages name them.
constexpr const ExportFormat* kFormats[] = {&kTorchvisionFormat, &kTimmFormat, &kHuggingFaceFormat,
                                            &kSentenceTransformersFormat, &kOnnxFormat};

std::string NameOf(const TrainedPart& part) { return part.config->GetDescriptor()->full_name(); }

// The formats that hold this very part. One that writes heads is not asked here of an encoder.
std::vector<std::string> FormatsOf(const TrainedPart& part) {
  std::vector<std::string> formats = ExportFormatsOf(NameOf(part));
  std::erase_if(formats, [&](const std::string& format) {
    const ExportEntry* const entry = FindExport(NameOf(part), format);
    return entry->foreign != nullptr && !entry->foreign(part).ok();
  });
  return formats;
}

// The plugin's own function for the format, or why there is none.
absl::StatusOr<const ExportEntry*> EntryOf(const TrainedPart& part, const ExportFormat& format) {
  const std::string plugin = NameOf(part);
  const ExportEntry* entry = FindExport(plugin, format.name);
  if (entry != nullptr) return entry;
  const std::vector<std::string> known = FormatsOf(part);
  return absl::InvalidArgumentError(absl::StrCat(
      "the ", part.name, " ", plugin, " has no form in ", format.name, ". ",
      known.empty() ? "It has none in any format: its plugin registers none "
                      "(PRETEXT_REGISTER_EXPORT, core/plugin/export.h)"
                    : absl::StrCat("Formats that hold it: ", absl::StrJoin(known, ", ")),
      part.encoder == nullptr ? "" : ". Leave out --with-head to export the encoder alone"));
}

// What the plugins make of themselves; empty of a format that draws graphs.
absl::StatusOr<ForeignModel> ExpressParts(const ExportRequest& request,
                                          const ExportFormat& format) {
  const absl::StatusOr<const ExportEntry*> encoder = EntryOf(request.encoder, format);
  if (!encoder.ok()) return encoder.status();
  ForeignModel model;
  if ((*encoder)->foreign != nullptr) {
    absl::StatusOr<ForeignModel> expressed = (*encoder)->foreign(request.encoder);
    if (!expressed.ok()) return expressed.status();
    model = *std::move(expressed);
  }
  if (!request.head) return model;
  const absl::StatusOr<const ExportEntry*> head = EntryOf(*request.head, format);
  if (!head.ok()) return head.status();
  if ((*head)->foreign_head == nullptr) return model;
  const absl::Status status = (*head)->foreign_head(*request.head, model);
  if (!status.ok()) return status;
  return model;
}

absl::StatusOr<Proof> WriteAndProve(const ExportRequest& request, const ExportFormat& format,
                                    const ForeignModel& model, const std::string& folder) {
  if (absl::Status status = format.write(request, model, folder); !status.ok()) return status;
  const absl::StatusOr<Graph> graph =
      format.read != nullptr ? format.read(folder) : ReadForeign(model.reading, folder);
  if (!graph.ok()) return graph.status();
  absl::StatusOr<Proof> proof = Prove(*graph, {.encoder = request.encoder_plugin,
                                               .head = request.head ? request.head_plugin : nullptr,
                                               .input = request.encoder.input,
                                               .tokenizer = request.tokenizer});
  if (!proof.ok()) return proof;
  const absl::StatusOr<MappedFile> weights =
      MappedFile::Open(absl::StrCat(folder, "/", format.weights));
  if (!weights.ok()) return weights.status();
  const absl::string_view bytes = weights->contents();
  const std::string card = ModelCard(request.facts, {.library = format.library,
                                                     .input = request.encoder.input,
                                                     .features = request.encoder_plugin->features(),
                                                     .loader = format.loader(request, model),
                                                     .weights = format.weights,
                                                     .checksum = Checksum(bytes),
                                                     .bytes = static_cast<int64_t>(bytes.size()),
                                                     .proof = &*proof});
  if (absl::Status status = WriteExportFile(folder, "README.md", card); !status.ok()) return status;
  return proof;
}

}  // namespace

absl::StatusOr<const ExportFormat*> FindExportFormat(const std::string& name) {
  std::vector<std::string> known;
  for (const ExportFormat* format : kFormats) {
    if (name == format->name) return format;
    known.push_back(format->name);
  }
  if (name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--format is missing: one of ", absl::StrJoin(known, ", ")));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--format ", name, " is not known", NearestAndKnown(name, known, "Formats")));
}

absl::Status CheckExportFolder(const std::string& folder) {
  if (folder.empty())
    return absl::InvalidArgumentError("--out is missing: the folder for the export");
  if (absl::Status status = CheckFolderPath(folder); !status.ok()) return status;
  const absl::StatusOr<PathKind> kind = KindOfPath(folder);
  if (!kind.ok()) return kind.status();
  if (*kind == PathKind::kNothing && IsLink(std::string(absl::StripSuffix(folder, "/"))))
    return absl::InvalidArgumentError(absl::StrCat(folder, ": is a link that leads nowhere"));
  if (*kind == PathKind::kNothing) return absl::OkStatus();
  if (RealPath(folder) == RealPath("."))
    return absl::InvalidArgumentError(
        absl::StrCat(folder, ": is the folder you are in, which cannot be put in its own place"));
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(folder);
  if (!names.ok()) return names.status();
  if (names->empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(folder, ": there is something in it (", names->front(),
                   "); an export takes a folder that is new or empty, and replaces nothing"));
}

absl::StatusOr<Proof> Export(const ExportRequest& request, const ExportFormat& format,
                             const std::string& folder) {
  if (absl::Status status = CheckExportFolder(folder); !status.ok()) return status;
  const absl::StatusOr<ForeignModel> model = ExpressParts(request, format);
  if (!model.ok()) return model.status();
  // Behind links: a folder is put in the place of a folder.
  const std::string target = RealPath(folder);
  if (absl::Status status = MakeFolders(ParentOf(target)); !status.ok()) return status;
  const absl::StatusOr<std::unique_ptr<AsideFolder>> aside = AsideFolder::Create(target);
  if (!aside.ok()) return aside.status();
  absl::StatusOr<Proof> proof = WriteAndProve(request, format, *model, (*aside)->name());
  if (!proof.ok()) return proof;
  if (absl::Status status = (*aside)->PutInPlace(); !status.ok()) return status;
  return proof;
}

}  // namespace pretext
