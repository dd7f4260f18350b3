#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file/byte_stream.h"
#include "base/file/file_tree.h"
#include "base/file/folder.h"
#include "base/file/is_there.h"
#include "base/gzip_file/gzip_file.h"
#include "base/unicode/text_decoder.h"
#include "base/unicode/unicode.h"
#include "pipelines/embed/picture_inputs.h"

namespace pretext {
namespace {

constexpr size_t kRead = size_t{1} << 18;
constexpr size_t kLongest = size_t{1} << 28;  // of one text: more comes of a file that is none
constexpr size_t kTexts = 4096;               // of a block, or these bytes of them
constexpr size_t kBytes = size_t{4} << 20;

// The bytes of a text: of a file, gzip told by its content, or of what comes through a pipe.
class TextBytes {
 public:
  static absl::StatusOr<TextBytes> Open(const std::string& path) {
    TextBytes bytes;
    if (path != "-" && IsThere(path, PathKind::kFile)) {
      absl::StatusOr<GzipFile> file = GzipFile::Open(path, "text");
      if (file.ok()) {
        bytes.file_ = std::make_unique<GzipFile>(*std::move(file));
        return bytes;
      }
      // Of an empty file, which is a text; of others it is said below what is wrong.
    }
    absl::StatusOr<std::unique_ptr<ByteStream>> stream = ByteStream::Open(path);
    if (!stream.ok()) return stream.status();
    bytes.stream_ = *std::move(stream);
    return bytes;
  }

  const std::string& name() const { return file_ != nullptr ? file_->path() : stream_->name(); }
  // Of a compressed file it is at 1 early.
  double share() const {
    if (file_ == nullptr) return stream_->share();
    return std::min(1.0, read_ / static_cast<double>(file_->size_on_disk()));
  }
  absl::StatusOr<size_t> Read(char* out, size_t size) {
    if (file_ == nullptr) return stream_->Read(out, size);
    const int64_t got = file_->Read(reinterpret_cast<uint8_t*>(out), static_cast<int64_t>(size));
    read_ += static_cast<double>(got);
    const std::string fault = got < static_cast<int64_t>(size) ? file_->Fault() : "";
    if (fault.empty()) return static_cast<size_t>(got);
    return absl::DataLossError(absl::StrCat(name(), ": is damaged", fault));
  }

 private:
  std::unique_ptr<GzipFile> file_;
  std::unique_ptr<ByteStream> stream_;  // one of the two
  double read_ = 0;
};

// The lines of one file after the other.
class LineReader {
 public:
  // The next line, without its end; false at the end. What ends with an end of line has no line
  // after it.
  absl::StatusOr<bool> Next(std::string& line) {
    while (true) {
      const size_t end = text_.find('\n', at_);
      if (end != std::string::npos) {
        line.assign(text_, at_, end - at_);
        at_ = end + 1;
        return true;
      }
      text_.erase(0, at_);
      at_ = 0;
      if (ended_) {
        line = std::move(text_);
        text_.clear();
        return !line.empty();
      }
      if (text_.size() > kLongest) {
        return absl::InvalidArgumentError(absl::StrCat(
            stream_->name(), ": has a line of more than ", kLongest, " bytes; is it a text?"));
      }
      if (absl::Status status = Fill(); !status.ok()) return status;
    }
  }
  absl::Status Open(const std::string& path) {
    absl::StatusOr<TextBytes> bytes = TextBytes::Open(path);
    if (!bytes.ok()) return bytes.status();
    Take(*std::move(bytes));
    return absl::OkStatus();
  }
  void Take(TextBytes bytes) {
    stream_ = std::make_unique<TextBytes>(std::move(bytes));
    decoder_ = TextDecoder();
    text_.clear();
    at_ = 0;
    ended_ = false;
  }
  double share() const { return stream_ == nullptr ? 0 : stream_->share(); }

 private:
  absl::Status Fill() {
    bytes_.resize(kRead);
    const absl::StatusOr<size_t> got = stream_->Read(bytes_.data(), bytes_.size());
    if (!got.ok()) return got.status();
    decoder_.Append({bytes_.data(), *got}, text_);
    if (*got == 0) {
      decoder_.Finish(text_);
      ended_ = true;
    }
    if (!decoder_.holds_nul()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(stream_->name(), ": ", kNoText));
  }

  std::unique_ptr<TextBytes> stream_;
  TextDecoder decoder_;
  std::string bytes_, text_;
  size_t at_ = 0;
  bool ended_ = true;
};

// A text on one line, for a name.
std::string OnOneLine(std::string text) {
  absl::RemoveExtraAsciiWhitespace(&text);
  return text;
}

class TextFiles : public Input {
 public:
  // `first`: the first of them, where it is open.
  TextFiles(std::vector<std::string> paths, TextUnit unit, std::optional<TextBytes> first)
      : paths_(std::move(paths)), unit_(unit), next_(first ? 1 : 0), open_(next_ == 1) {
    if (open_) lines_.Take(*std::move(first));
  }

  double share() const override {
    const double files = static_cast<double>(next_) - (open_ ? 1 - lines_.share() : 0);
    return files / static_cast<double>(paths_.size());
  }

  std::optional<int64_t> files() const override {
    if (unit_ != TextUnit::kFile) return std::nullopt;
    return static_cast<int64_t>(paths_.size());
  }

  absl::Status Next(InputBlock& block) override {
    block = {};
    size_t bytes = 0;
    while (block.texts.size() < kTexts && bytes < kBytes) {
      if (!open_) {
        if (next_ == paths_.size()) break;
        const absl::Status opened = lines_.Open(paths_[next_++]);
        if (!opened.ok()) {
          block.faults.emplace_back(opened.message());
          continue;
        }
        open_ = true;
      }
      std::string text;
      const absl::StatusOr<bool> got = NextText(text);
      open_ = got.ok() && *got;
      if (!got.ok()) block.faults.emplace_back(got.status().message());
      if (!open_) continue;
      RepairUtf8(&text, &block.repaired);
      bytes += text.size();
      if (unit_ == TextUnit::kFile) block.places.push_back(static_cast<int64_t>(next_) - 1);
      block.names.push_back(unit_ == TextUnit::kFile ? paths_[next_ - 1] : OnOneLine(text));
      block.texts.push_back(std::move(text));
    }
    return absl::OkStatus();
  }

 private:
  // The next text of the file that is open; false at its end.
  absl::StatusOr<bool> NextText(std::string& text) {
    if (unit_ == TextUnit::kLine) return lines_.Next(text);
    bool any = false;  // of a file: it may be empty, and is one text all the same
    std::string line;
    while (true) {
      const absl::StatusOr<bool> more = lines_.Next(line);
      if (!more.ok()) return more.status();
      if (!*more) {
        const bool whole_file = unit_ == TextUnit::kFile && !given_;
        given_ = unit_ == TextUnit::kFile && whole_file;
        return any || whole_file;
      }
      const bool blank = absl::StripAsciiWhitespace(line).empty();
      if (unit_ == TextUnit::kParagraph && blank) {
        if (any) return true;
        continue;
      }
      if (any) text += '\n';
      text += line;
      any = true;
      if (text.size() > kLongest) {
        return absl::InvalidArgumentError(
            absl::StrCat(paths_[next_ - 1], ": has a text of more than ", kLongest, " bytes"));
      }
    }
  }

  const std::vector<std::string> paths_;
  const TextUnit unit_;
  size_t next_;
  bool open_;
  bool given_ = false;  // of TextUnit::kFile: the file's text
  LineReader lines_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadPaths(const std::string& list) {
  LineReader lines;
  if (absl::Status status = lines.Open(list); !status.ok()) return status;
  std::vector<std::string> paths;
  std::string line;
  while (true) {
    const absl::StatusOr<bool> more = lines.Next(line);
    if (!more.ok()) return more.status();
    if (!*more) break;
    if (!line.empty()) paths.push_back(line);
  }
  if (!paths.empty()) return paths;
  return absl::InvalidArgumentError(
      absl::StrCat(list == "-" ? "standard input" : list, ": names no files; a path a line"));
}

absl::StatusOr<std::unique_ptr<Input>> OpenTexts(const InputOptions& options) {
  std::vector<std::string> paths = {options.input};
  std::optional<TextBytes> first;
  if (options.input[0] == '@') {
    absl::StatusOr<std::vector<std::string>> listed = ReadPaths(options.input.substr(1));
    if (!listed.ok()) return listed.status();
    paths = *std::move(listed);
  } else if (options.input != "-") {
    const absl::StatusOr<PathKind> kind = KindOfPath(options.input);
    if (!kind.ok()) return kind.status();
    if (*kind == PathKind::kFolder) {
      paths.clear();
      if (auto s = ListFilesBelow(options.input, paths); !s.ok()) return s;
      if (paths.empty()) {
        return absl::InvalidArgumentError(options.input + ": there is no file in it");
      }
    } else {
      // A single file that cannot be read is an error at once. It stays open: who writes to a pipe
      // would see its end, and a second time nobody might write.
      absl::StatusOr<TextBytes> opened = TextBytes::Open(options.input);
      if (!opened.ok()) return opened.status();
      first = *std::move(opened);
    }
  }
  return std::make_unique<TextFiles>(std::move(paths), options.unit, std::move(first));
}

absl::StatusOr<TextUnit> ParseTextUnit(absl::string_view name) {
  if (name == "line") return TextUnit::kLine;
  if (name == "paragraph") return TextUnit::kParagraph;
  if (name == "file") return TextUnit::kFile;
  return absl::InvalidArgumentError(absl::StrCat(
      "--unit is line, paragraph (up to a blank line) or file: what one text is; it is ", name));
}

}  // namespace pretext
