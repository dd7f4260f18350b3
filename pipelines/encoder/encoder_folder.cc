#include "pipelines/encoder/encoder_folder.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/file/is_there.h"
#include "base/file/read_file.h"
#include "core/plugin/save_tokenizer.h"
#include "core/tensor/safetensors.h"
#include "google/protobuf/text_format.h"
#include "pipelines/checkpoint/checkpoint.h"
#include "pipelines/checkpoint/run_names.h"

namespace pretext {
namespace {

constexpr char kChecksum[] = "# crc32 of the lines below: ";
constexpr int64_t kMostBytes = 16 << 20;  // names of classes are the most of it

}  // namespace

std::string SerializeEncoderFile(const EncoderFile& file) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetExpandAny(true);
  printer.SetUseShortRepeatedPrimitives(true);
  printer.SetUseUtf8StringEscaping(true);
  std::string text;
  printer.PrintToString(file, &text);
  return absl::StrCat(kChecksum, Checksum(text), "\n", text);
}

absl::StatusOr<std::string> ReadEncoderText(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path, kMostBytes);
  if (absl::IsOutOfRange(text.status())) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": is no description of an encoder: it has more than ", kMostBytes, " bytes"));
  }
  if (!text.ok()) return text.status();
  const size_t line = text->find('\n');
  const bool right =
      line != std::string::npos && absl::StartsWith(*text, kChecksum) &&
      text->substr(0, line) ==
          absl::StrCat(kChecksum, Checksum(absl::string_view(*text).substr(line + 1)));
  if (right) return text;
  return absl::DataLossError(absl::StrCat(
      path,
      ": is not what was written: its first line holds a checksum of the others, and they "
      "have another one. It is not to be edited"));
}

namespace {

// Whether the folder is there as it would be written, so that a finished run that is gone on with
// changes nothing.
bool IsWhole(const std::string& path, const std::string& text, const std::string& checksum) {
  const absl::StatusOr<std::string> written = ReadFile(path + kEncoderFile, kMostBytes);
  if (!written.ok() || *written != text) return false;
  const absl::StatusOr<TensorFile> weights = ReadTensors(WeightsIn(path));
  return weights.ok() && WeightsChecksum(*weights) == checksum;
}

}  // namespace

absl::Status WriteEncoderFolder(const std::string& path, EncoderFile file,
                                const ParameterSet& encoder, const Tokenizer* tokenizer) {
  TensorFile weights = WeightsOf({&encoder}, file.text().checksum());
  TakeTeachers(weights);
  weights.metadata["format"] = "pt";  // without it some programs refuse the file
  file.set_weights(WeightsChecksum(weights));
  const std::string text = SerializeEncoderFile(file);
  if (IsWhole(path, text, file.weights())) return absl::OkStatus();
  const std::string aside = path + ".new";
  absl::Status status = RemoveAll(aside);
  if (status.ok()) status = MakeFolders(aside);
  if (status.ok()) status = WriteTensors(WeightsIn(aside), weights);
  if (status.ok() && tokenizer != nullptr) {
    status = SaveTokenizer(*tokenizer, absl::StrCat(aside, "/", tokenizer->file_name()));
  }
  if (status.ok()) status = WriteFileAtomically(aside + kEncoderFile, text);
  return status.ok() ? ReplaceFolder(aside, path) : status;
}

bool IsEncoderFolder(const std::string& path) { return IsThere(WholeFolder(path) + kEncoderFile); }

absl::StatusOr<TrainedEncoder> OpenEncoderFolder(const std::string& path) {
  const std::string folder = WholeFolder(path);
  const absl::StatusOr<std::string> text = ReadEncoderText(folder + kEncoderFile);
  if (!text.ok()) return text.status();
  absl::StatusOr<TrainedEncoder> trained = MakeTrainedEncoder(folder + kEncoderFile, *text, folder);
  if (!trained.ok()) return trained.status();
  if (trained->file.weights().empty()) {
    return absl::DataLossError(
        absl::StrCat(folder, kEncoderFile, ": has no checksum of the weights"));
  }
  const absl::Status loaded =
      LoadEncoderWeights(WeightsIn(folder), trained->file.weights(), *trained);
  if (!loaded.ok()) return loaded;
  return trained;
}

}  // namespace pretext
