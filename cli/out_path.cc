#include "cli/out_path.h"

#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <iterator>

#include "absl/flags/flag.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/file/byte_stream.h"
#include "base/file/extension.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/file/is_there.h"
#include "base/image/image_io.h"
#include "pipelines/embed/vector_formats.h"

ABSL_FLAG(std::string, out, "",
          "where the result is written, - is standard output; a device or a pipe is written into, "
          "a result of the same kind that is there is replaced once the new one is whole, and "
          "nothing else; init and new replace nothing, export takes a folder that is new or empty");

namespace pretext {
namespace {

constexpr size_t kFirstBytes = 4096;

bool IsNpy(absl::string_view first) { return absl::StartsWith(first, "\x93NUMPY"); }

// The titles of a table of vectors: name, perhaps token, label and class, and the numbers.
bool IsTitles(absl::string_view line) {
  if (!absl::ConsumePrefix(&line, "name")) return false;
  for (const absl::string_view title : {",token", ",label", ",class"})
    absl::ConsumePrefix(&line, title);
  // All of them, as far as the line is known.
  int64_t column = 0;
  while (absl::ConsumePrefix(&line, absl::StrCat(",x", column))) ++column;
  return column > 0 && (line.empty() || column > 100);
}

// {"name":…,"token":…,"label":…,"class":…,"vector":[…: of the keys between name and vector any, and
// no others.
bool IsRowOfJson(absl::string_view line) {
  const size_t end = line.find(",\"vector\":[");
  if (!absl::StartsWith(line, "{\"name\":\"") || end == absl::string_view::npos) return false;
  const std::string row = absl::StrCat(line.substr(0, end), "}");
  for (size_t at = row.find("\":", 7); at != std::string::npos; at = row.find("\":", at + 1)) {
    const absl::string_view before = absl::string_view(row).substr(0, at);
    if (!absl::EndsWith(before, ",\"token") && !absl::EndsWith(before, ",\"label") &&
        !absl::EndsWith(before, ",\"class"))
      return false;
  }
  return true;
}

// As embed writes them, in each of its formats. A header of safetensors comes after its length; of
// a .npy it says beside it which encoder the vectors are of.
bool IsVectors(const std::string& path, absl::string_view first) {
  if (IsNpy(first)) return IsThere(BesideVectors(path, kEncoder));
  const absl::string_view line = first.substr(0, first.find('\n'));
  const bool json = IsRowOfJson(line);
  const bool safetensors =
      first.size() > 8 && first[8] == '{' && absl::StrContains(first, "\"vectors\":{\"dtype\"");
  return safetensors || json || IsTitles(line);
}

// Ids of tokens, int32 [N, L]: beside them it says by which tokenizer.
bool IsIds(const std::string& path, absl::string_view first) {
  return IsNpy(first) && absl::StrContains(first.substr(0, 128), "'descr': '<i4'") &&
         IsThere(BesideIds(path));
}

// A page of pretext says so in its head.
bool IsPage(absl::string_view first) {
  return absl::StartsWith(first, "<!doctype html>") &&
         absl::StrContains(first, "<meta name=\"generator\" content=\"pretext\">");
}

// A name, and below it a neighbour, indented, after its cosine: "   0.1234  name".
bool IsNeighbours(absl::string_view first) {
  const std::vector<absl::string_view> lines = absl::StrSplit(first, absl::MaxSplits('\n', 2));
  if (lines.size() < 2) return false;
  absl::string_view line = lines[1];
  if (!absl::ConsumePrefix(&line, "  ") || line.size() < 10) return false;
  double cosine = 2;
  const absl::string_view number = line.substr(0, 7);
  return number[2] == '.' && absl::SimpleAtod(number, &cosine) && cosine >= -1.001 &&
         cosine <= 1.001 && absl::StartsWith(line.substr(7), "  ");
}

struct Kind {
  const char* wanted;    // "the file for …"
  const char* replaced;  // what may be replaced
  std::function<bool(absl::string_view first_bytes)> is;
  const char* extension = nullptr;  // of a result that has one format
};

// Of formats that a result may be taken for by its name.
constexpr absl::string_view kExtensions[] = {
    ".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif",         ".tiff", ".svg", ".html",
    ".htm", ".pdf", ".npy",  ".npz",  ".csv", ".tsv", ".safetensors", ".json", ".txt", ".jsonl"};

absl::Status CheckExtension(const Kind& kind, const std::string& path) {
  const std::string ending = absl::AsciiStrToLower(ExtensionOf(path));
  if (kind.extension == nullptr || ending == kind.extension ||
      std::find(std::begin(kExtensions), std::end(kExtensions), ending) == std::end(kExtensions)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("--out ", path, ": ends in ", ending,
                                                 ", and what is written is ", kind.wanted,
                                                 "; name it …", kind.extension));
}

Kind KindOf(Result result, const std::string& path) {
  switch (result) {
    case Result::kPipeline:
      return {"the pipeline", nullptr, [](absl::string_view) { return false; }};
    case Result::kSheet:
      return {"the sheet, a PNG", "a sheet of pretext", IsEncodedPng, ".png"};
    case Result::kPage:
      return {"the page, HTML", "a report", IsPage, ".html"};
    case Result::kVectors:
      return {"the vectors: .npy, .safetensors, .csv, .jsonl", "vectors of pretext embed",
              [path](absl::string_view first) { return IsVectors(path, first); }};
    case Result::kIds:
      return {"the array, .npy", "ids of pretext tokenize",
              [path](absl::string_view first) { return IsIds(path, first); }, ".npy"};
    case Result::kVocabulary:
      return {"the vocabulary", "a vocabulary",
              [](absl::string_view first) { return absl::StartsWith(first, "[PAD]\n"); }};
    case Result::kNeighbours:
      return {"the neighbours", "neighbours of pretext neighbours", IsNeighbours};
  }
  return {};
}

bool IsSameFile(const std::string& a, const std::string& b) {
  struct stat of_a, of_b;
  return stat(a.c_str(), &of_a) == 0 && stat(b.c_str(), &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
         of_a.st_ino == of_b.st_ino;
}

absl::Status CheckReplaced(const Kind& kind, const std::string& path) {
  absl::StatusOr<std::unique_ptr<ByteStream>> file = ByteStream::Open(path);
  if (!file.ok()) return file.status();
  std::string first(kFirstBytes, '\0');
  const absl::StatusOr<size_t> got = (*file)->Read(first.data(), first.size());
  if (!got.ok()) return got.status();
  first.resize(*got);
  if (kind.replaced != nullptr && (first.empty() || kind.is(first))) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--out ", path, ": is there already",
                   kind.replaced == nullptr
                       ? ""
                       : absl::StrCat(", and is not ", kind.replaced, ", which would be replaced"),
                   "; name another file, or remove it"));
}

}  // namespace

std::string OutFlag() { return absl::GetFlag(FLAGS_out); }

absl::StatusOr<std::string> OutFolder() {
  if (OutFlag() != "-") return OutFlag();
  return absl::InvalidArgumentError(
      "--out -: is standard output, and what is written is a folder; name one (./- if it is to be "
      "called so)");
}

absl::StatusOr<std::string> OutPath(Result result, const std::vector<std::string>& reads) {
  const std::string flag = absl::GetFlag(FLAGS_out);
  const std::string path = flag == "-" ? "/dev/stdout" : flag;
  const Kind kind = KindOf(result, path);
  if (path.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--out is missing: the file for ", kind.wanted));
  }
  if (absl::Status status = CheckExtension(kind, path); !status.ok()) return status;
  // Before the work, not after it. A pipe is not opened: whoever reads it would see it end.
  const absl::StatusOr<PathKind> there = KindOfPath(path);
  if (!there.ok()) return there.status();
  if (*there == PathKind::kOther) return path;
  if (absl::Status status = FileWriter::Create(path).status(); !status.ok()) return status;
  if (*there != PathKind::kFile) return path;
  for (const std::string& read : reads) {
    if (!IsSameFile(path, read)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--out ", path, ": is what is read, and would be gone; name another file"));
  }
  // What a shell has led a descriptor to is written into, and not replaced.
  if (!HasPlaceBeside(path)) return path;
  if (absl::Status status = CheckReplaced(kind, path); !status.ok()) return status;
  return path;
}

std::string BesideIds(const std::string& path) { return BesideVectors(path, ".tokenizer.txt"); }

std::FILE* SaidBeside(const std::string& out) { return IsStandardOutput(out) ? stderr : stdout; }

}  // namespace pretext
