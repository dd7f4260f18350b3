#include "pipelines/initialize/weight_file.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file/folder.h"
#include "base/file/is_there.h"
#include "base/file/looked_for_at.h"
#include "base/text/shell_word.h"
#include "pipelines/checkpoint/run_names.h"

namespace pretext {
namespace {

bool HasPickleName(const std::string& path) {
  const char* const endings[] = {".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle"};
  return std::any_of(std::begin(endings), std::end(endings),
                     [&](const char* ending) { return absl::EndsWithIgnoreCase(path, ending); });
}

// A zip, as PyTorch saves today, or a pickle itself, of protocol 2 to 5. A safetensors file may
// begin with the same two bytes, the length of its header, which is JSON.
bool IsPickle(absl::string_view contents) {
  if (absl::StartsWith(contents, "PK\x03\x04")) return true;
  if (contents.size() > 8 && contents[8] == '{') return false;
  return contents.size() > 1 && contents[0] == '\x80' && contents[1] >= 2 && contents[1] <= 5;
}

absl::Status RefusePickle(const std::string& path) {
  return absl::InvalidArgumentError(absl::StrCat(
      path,
      " is a pickle, as torch.save writes it: to read one is to run code, so it is not read. "
      "Convert it where PyTorch is: python3 -c 'import sys, torch, safetensors.torch as s; d = "
      "torch.load(sys.argv[1], map_location=\"cpu\", weights_only=True); d = d.get(\"state_dict\", "
      "d); s.save_file({k: v.clone().contiguous() for k, v in d.items()}, sys.argv[2])' ",
      ShellWord(path), " model.safetensors"));
}

// The file of weights in a folder.
absl::StatusOr<std::string> FindIn(const std::string& folder) {
  const std::string usual[] = {WeightsIn(WholeFolder(folder + "/checkpoint")), WeightsIn(folder),
                               folder + "/model.safetensors"};
  for (const std::string& path : usual) {
    if (IsThere(path, PathKind::kFile)) return path;
  }
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(folder);
  if (!names.ok()) return names.status();
  std::vector<std::string> found;
  std::string pickle;
  for (const std::string& name : *names) {
    if (absl::EndsWith(name, ".safetensors")) found.push_back(name);
    if (HasPickleName(name)) pickle = name;
  }
  if (found.size() == 1) return absl::StrCat(folder, "/", found[0]);
  if (found.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(folder, " has weights in several files (", absl::StrJoin(found, ", "),
                     "): name the one, or put them together into a model.safetensors"));
  }
  if (!pickle.empty()) return RefusePickle(absl::StrCat(folder, "/", pickle));
  return absl::NotFoundError(
      absl::StrCat(folder,
                   " holds no weights: no checkpoint/weights.safetensors of a run, no "
                   "weights.safetensors of a checkpoint, no model.safetensors"));
}

absl::StatusOr<std::string> Find(const std::string& from) {
  const absl::StatusOr<PathKind> kind = KindOfPath(from);
  if (!kind.ok()) return kind.status();
  if (*kind == PathKind::kNothing) {
    return absl::NotFoundError(absl::StrCat(from, " is not there", LookedForAt(from)));
  }
  if (*kind == PathKind::kFolder) return FindIn(from);
  return from;
}

}  // namespace

std::string RunAbove(const std::string& path) {
  std::string folder = path;
  constexpr int kFolders = 3;  // RUN/checkpoints/best/FILE; a slash at the end counts as one
  for (int i = 0; i < kFolders; ++i) {
    folder = ParentOf(folder);
    if (IsThere(PipelineIn(folder))) return folder;
  }
  return "";
}

absl::StatusOr<WeightFile> WeightFile::Open(const std::string& from) {
  const absl::StatusOr<std::string> path = Find(from);
  if (!path.ok()) return path.status();
  absl::StatusOr<MappedFile> mapped = MappedFile::Open(*path);
  if (!mapped.ok()) return mapped.status();
  WeightFile file;
  file.path_ = *path;
  file.file_ = *std::move(mapped);
  const absl::string_view contents = file.file_.contents();
  if (IsPickle(contents) || HasPickleName(*path)) return RefusePickle(*path);
  absl::StatusOr<SafetensorsHeader> header = ParseSafetensorsHeader(*path, contents);
  if (!header.ok()) return header.status();
  file.header_ = *std::move(header);
  file.checksum_ = Checksum(contents);
  file.run_ = RunAbove(*path);
  return file;
}

void WeightFile::Read(const StoredTensor& tensor, float* to) const {
  ToFloats(tensor.type, header_.BytesOf(tensor, file_.contents()).data(), tensor.shape.size(), to);
}

std::string WeightFile::Beside(const std::string& name) const {
  const std::string path = absl::StrCat(ParentOf(path_), "/", name);
  return IsThere(path, PathKind::kFile) ? path : "";
}

}  // namespace pretext
