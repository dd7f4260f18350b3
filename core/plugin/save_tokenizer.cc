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
  const std::string beside = options->OptionsPath(path);
  const absl::StatusOr<PathKind> kind = KindOfPath(beside);
  if (!kind.ok() || *kind == PathKind::kNothing) return kind.status();
  return absl::InvalidArgumentError(absl::StrCat(
      beside, ": is there already, of another vocabulary than ", path,
      ", and the options of this one would replace it; name another file, or remove it"));
}

absl::Status SaveTokenizer(const Tokenizer& tokenizer, const std::string& path) {
  const auto* options = dynamic_cast<const OptionsBesideVocabulary*>(&tokenizer);
  const PuttingInPlace putting;
  if (options != nullptr && HasPlaceBeside(path)) {
    const absl::Status status =
        WriteFileAtomically(options->OptionsPath(path), options->SerializeOptions());
    if (!status.ok()) return status;
  }
  return WriteFileAtomically(path, tokenizer.Serialize());
}

}  // namespace pretext
