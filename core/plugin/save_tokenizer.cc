#include "core/plugin/save_tokenizer.h"

#include "base/file/file_writer.h"
#include "base/file/folder.h"

namespace pretext {

absl::Status SaveTokenizer(const Tokenizer& tokenizer, const std::string& path) {
  const auto* options = dynamic_cast<const OptionsBesideVocabulary*>(&tokenizer);
  const absl::StatusOr<PathKind> kind = KindOfPath(path);
  const bool device = kind.ok() && *kind == PathKind::kOther;
  if (options != nullptr && !device) {
    const absl::Status status =
        WriteFileAtomically(options->OptionsPath(path), options->SerializeOptions());
    if (!status.ok()) return status;
  }
  return WriteFileAtomically(path, tokenizer.Serialize());
}

}  // namespace pretext
