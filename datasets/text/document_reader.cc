#include "datasets/text/document_reader.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/unicode/unicode.h"
#include "datasets/text/document_hash.h"

namespace pretext {
namespace {

constexpr int64_t kBatchBytes = 4 << 20;
constexpr size_t kBlockBytes = 1 << 18;

// Where to cut a text that is longer than `limit`, at most there.
size_t CutAt(std::string_view text, size_t limit) {
  size_t at = limit;
  while (at > limit / 2 && !absl::ascii_isspace(text[at])) --at;
  if (absl::ascii_isspace(text[at])) return at;
  at = limit;
  while (at > limit - 4 && (text[at] & 0xC0) == 0x80) --at;
  return at;
}

}  // namespace

DocumentReader::DocumentReader(std::vector<TextFile> files, DocumentOptions options)
    : files_(std::move(files)), options_(std::move(options)), block_(kBlockBytes) {}

absl::Status DocumentReader::Next(std::vector<std::string>& documents) {
  do {
    documents.clear();
    later_.clear();
    raw_bytes_ = 0;
    while (raw_bytes_ < kBatchBytes && (file_ != nullptr || next_file_ < files_.size())) {
      absl::Status status = file_ == nullptr ? OpenNextFile() : ReadBlock(documents);
      if (!status.ok()) return status;
    }
    MakeReady(documents);
  } while (documents.empty() && (file_ != nullptr || next_file_ < files_.size()));
  counts_.documents += documents.size();
  return absl::OkStatus();
}

void DocumentReader::MakeReady(std::vector<std::string>& documents) {
  int64_t replaced = 0;
  std::vector<uint64_t> hashes(documents.size());
#pragma omp parallel for schedule(dynamic, 16) reduction(+ : replaced)
  for (size_t i = 0; i < documents.size(); ++i) {
    RepairUtf8(&documents[i], &replaced);
    CleanUp(options_.cleanup, &documents[i]);
    hashes[i] = DocumentHash(documents[i]);
  }
  counts_.replaced += replaced;
  split_hashes_.clear();
  size_t kept = 0;
  for (size_t i = 0; i < documents.size(); ++i) {
    has_first_ = has_first_ && later_[i];
    if (std::all_of(documents[i].begin(), documents[i].end(), absl::ascii_isspace)) continue;
    if (!has_first_) first_hash_ = hashes[i];
    has_first_ = true;
    split_hashes_.push_back(first_hash_);
    if (kept < i) documents[kept] = std::move(documents[i]);
    ++kept;
  }
  documents.resize(kept);
}

absl::Status DocumentReader::OpenNextFile() {
  absl::StatusOr<GzipFile> file = GzipFile::Open(files_[next_file_++].path, "text");
  if (!file.ok()) return file.status();
  file_ = std::make_unique<GzipFile>(*std::move(file));
  decoder_ = TextDecoder();
  after_blank_ = true;
  in_line_ = false;
  return absl::OkStatus();
}

absl::Status DocumentReader::ReadBlock(std::vector<std::string>& documents) {
  const int64_t read = file_->Read(reinterpret_cast<uint8_t*>(block_.data()), block_.size());
  counts_.bytes += read;
  const bool at_end = read < static_cast<int64_t>(block_.size());
  decoded_.clear();
  const int64_t replaced_before = decoder_.replaced();
  decoder_.Append(std::string_view(block_.data(), read), decoded_);
  if (at_end) decoder_.Finish(decoded_);
  counts_.replaced += decoder_.replaced() - replaced_before;
  std::string_view text = decoded_;
  for (size_t newline; (newline = text.find('\n')) != std::string_view::npos;) {
    if (line_.empty()) {
      TakeLine(text.substr(0, newline), true, documents);
    } else {
      line_.append(text.substr(0, newline));
      TakeLine(line_, true, documents);
      line_.clear();
    }
    text.remove_prefix(newline + 1);
  }
  line_.append(text);
  if (!line_.empty() &&
      (at_end || static_cast<int64_t>(line_.size()) > options_.max_document_bytes)) {
    TakeLine(line_, at_end, documents);
    line_.clear();
  }
  if (!at_end) return absl::OkStatus();

  if (!file_->Fault().empty()) {
    return absl::DataLossError(absl::StrCat(file_->path(), ": cannot be read to its end",
                                            file_->Fault(), ". Fetch it again."));
  }
  FinishDocument(documents);
  file_ = nullptr;
  return absl::OkStatus();
}

void DocumentReader::TakeLine(std::string_view line, bool whole,
                              std::vector<std::string>& documents) {
  using Unit = DocumentOptions::Unit;
  const bool first_part = !std::exchange(in_line_, !whole);
  const bool blank = std::all_of(line.begin(), line.end(), absl::ascii_isspace);
  if (first_part) {
    const bool indented = !line.empty() && absl::ascii_isspace(line[0]);
    if ((options_.unit == Unit::kParagraph && blank) ||
        (options_.unit == Unit::kUnindented && after_blank_ && !blank && !indented)) {
      FinishDocument(documents);
    }
    after_blank_ = blank;
  }
  if (document_.empty() && blank) return;
  document_.append(line);
  if (whole) document_.push_back('\n');
  CutDocument(documents);
  if (whole && options_.unit == Unit::kLine) FinishDocument(documents);
}

void DocumentReader::CutDocument(std::vector<std::string>& documents) {
  const auto limit = static_cast<size_t>(options_.max_document_bytes);
  if (document_.size() <= limit) return;
  const std::string whole = std::move(document_);
  std::string_view rest = whole;
  while (rest.size() > limit) {
    const size_t at = CutAt(rest, limit);
    document_ = rest.substr(0, at);
    FinishDocument(documents);
    rest.remove_prefix(at);
    is_later_ = true;
  }
  document_ = rest;
}

void DocumentReader::FinishDocument(std::vector<std::string>& documents) {
  while (!document_.empty() && document_.back() == '\n') document_.pop_back();
  if (!document_.empty()) {
    raw_bytes_ += document_.size();
    documents.push_back(std::move(document_));
    later_.push_back(is_later_);
  }
  document_.clear();
  is_later_ = false;
}

}  // namespace pretext
