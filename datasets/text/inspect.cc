#include "datasets/text/inspect.h"

#include <zlib.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/gzip_file/gzip_file.h"
#include "base/text/counted.h"
#include "base/unicode/text_decoder.h"

namespace pretext {
namespace {

constexpr size_t kBlockBytes = 1 << 18;
constexpr size_t kMostNamed = 5;

struct Inspection {
  absl::Status status;
  Corpus::File found;
  bool is_text = true;
};

void Inspect(const TextFile& text_file, Inspection& inspection) {
  inspection.found.file = text_file;
  absl::StatusOr<GzipFile> file = GzipFile::Open(text_file.path, "text");
  if (!file.ok()) {
    inspection.status = file.status();
    return;
  }
  std::vector<uint8_t> block(kBlockBytes);
  std::string text;
  TextDecoder decoder;
  uLong crc = 0, adler = 1;
  for (bool at_end = false; !at_end;) {
    const int64_t read = file->Read(block.data(), static_cast<int64_t>(block.size()));
    at_end = read < static_cast<int64_t>(block.size());
    crc = crc32_z(crc, block.data(), static_cast<size_t>(read));
    adler = adler32_z(adler, block.data(), static_cast<size_t>(read));
    inspection.found.bytes += read;
    text.clear();
    decoder.Append(
        std::string_view(reinterpret_cast<const char*>(block.data()), static_cast<size_t>(read)),
        text);
    if (at_end) decoder.Finish(text);
    // What is no text is found soon, as a rule: no need to read the rest of a large file.
    if (decoder.holds_nul()) break;
  }
  inspection.is_text = !decoder.holds_nul();
  inspection.found.checksum = static_cast<uint64_t>(crc) << 32 | adler;
  if (inspection.is_text && !file->Fault().empty()) {
    inspection.status = absl::DataLossError(absl::StrCat(
        text_file.path, ": cannot be read to its end", file->Fault(), ". Fetch it again."));
  }
}

}  // namespace

std::vector<TextFile> Corpus::files() const {
  std::vector<TextFile> files;
  for (const File& file : text) files.push_back(file.file);
  return files;
}

std::string Corpus::LeftOut() const {
  if (left_out.empty()) return "";
  const size_t named = std::min(left_out.size(), kMostNamed);
  std::string text = absl::StrCat(
      left_out.size() == 1 ? "1 file is" : absl::StrCat(Counted(left_out.size()), " files are"),
      " no text (NUL bytes in ", left_out.size() == 1 ? "it) and was" : "them) and were",
      " left out: ", absl::StrJoin(left_out.begin(), left_out.begin() + named, ", "));
  if (named < left_out.size()) absl::StrAppend(&text, " and ", left_out.size() - named, " more");
  return text;
}

absl::StatusOr<Corpus> InspectCorpus(const std::vector<TextFile>& files,
                                     const std::vector<std::string>& named) {
  std::vector<Inspection> inspections(files.size());
#pragma omp parallel for schedule(dynamic)
  for (size_t i = 0; i < files.size(); ++i) Inspect(files[i], inspections[i]);
  Corpus corpus;
  for (Inspection& inspection : inspections) {
    if (!inspection.status.ok()) return inspection.status;
    const std::string& path = inspection.found.file.path;
    if (inspection.is_text) {
      corpus.text.push_back(std::move(inspection.found));
    } else if (std::find(named.begin(), named.end(), path) != named.end()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": ", kNoText));
    } else {
      corpus.left_out.push_back(path);
    }
  }
  if (corpus.text.empty() && !files.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("the corpus has no text: ", corpus.LeftOut()));
  }
  return corpus;
}

}  // namespace pretext
