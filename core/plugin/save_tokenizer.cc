#include "core/plugin/save_tokenizer.h"

#include "absl/strings/str_cat.h"
#include "base/file/aside.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"

namespace pretext {

absl::Status CheckOptionsAreFree(const Tokenizer& tokenizer, const std::string& path) {
  const auto* options = dynamic_cast<const OptionsBesideVocabulary*>(&tokenizer);
  if (options == nullptr) return absl::OkStatus();
  const absl::StatusOr<PathKind> there = KindOfPath(path);
  if (!there.ok() || *there != PathKind::kNothing) return there.status();
  for (const std::string& beside : options->PathsBeside(path)) {
    const absl::StatusOr<PathKind> kind = KindOfPath(beside);
    if (!kind.ok()) return kind.status();
    if (*kind == PathKind::kNothing) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(beside, ": is there already, of another vocabulary than ", path,
                     ", and that of this one would replace it; name another file, or remove it"));
  }
  return absl::OkStatus();
}

absl::Status SaveTokenizer(const Tokenizer& tokenizer, const std::string& path) {
  const auto* options = dynamic_cast<const OptionsBesideVocabulary*>(&tokenizer);
  const PuttingInPlace putting;
  if (options != nullptr && HasPlaceBeside(path)) {
    for (const auto& [beside, contents] : options->FilesBeside(path)) {
      if (absl::Status s = WriteFileAtomically(beside, contents); !s.ok()) return s;
    }
  }
  return WriteFileAtomically(path, tokenizer.Serialize());
}

}  // namespace pretext
