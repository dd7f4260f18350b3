#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file/file_tree.h"
#include "base/file/folder.h"
#include "base/gzip_file/gzip_stream.h"
#include "base/text/one_line.h"
#include "base/unicode/text_decoder.h"
#include "base/unicode/unicode.h"
#include "pipelines/embed/picture_inputs.h"

namespace pretext {
namespace {

constexpr size_t kRead = size_t{1} << 18;
constexpr size_t kLongest = size_t{1} << 28;  // of one text: more comes of a file that is none
constexpr size_t kTexts = 4096;               // of a block, or these bytes of them
constexpr size_t kBytes = size_t{4} << 20;

// The lines of one file after the other.
class LineReader {
 public:
  // The next line, without its end; false at the end. What ends with an end of line has no line
  // after it.
  absl::StatusOr<bool> Next(std::string& line) {
    while (true) {
      const size_t end = text_.find('\n', searched_);
      if (end != std::string::npos) {
        line.assign(text_, at_, end - at_);
        at_ = searched_ = end + 1;
        return true;
      }
      text_.erase(0, at_);
      at_ = 0;
      searched_ = text_.size();
      if (ended_) {
        line = std::move(text_);
        text_.clear();
        searched_ = 0;
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
    absl::StatusOr<std::unique_ptr<GzipStream>> stream = GzipStream::Open(path);
    if (!stream.ok()) return stream.status();
    Take(*std::move(stream));
    return absl::OkStatus();
  }
  void Take(std::unique_ptr<GzipStream> stream) {
    stream_ = std::move(stream);
    decoder_ = TextDecoder();
    text_.clear();
    at_ = searched_ = 0;
    ended_ = false;
  }
  double share() const { return stream_ == nullptr ? 0 : stream_->share(); }
  // How much ill-formed UTF-16 was replaced since the last call; UTF-8 stays as it is.
  int64_t TakeReplaced() { return std::exchange(replaced_, 0); }

 private:
  absl::Status Fill() {
    bytes_.resize(kRead);
    const absl::StatusOr<size_t> got = stream_->Read(bytes_.data(), bytes_.size());
    if (!got.ok()) return got.status();
    const int64_t before = decoder_.replaced();
    decoder_.Append({bytes_.data(), *got}, text_);
    if (*got == 0) {
      decoder_.Finish(text_);
      ended_ = true;
    }
    replaced_ += decoder_.replaced() - before;
    if (!decoder_.holds_nul()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(stream_->name(), ": ", kNoText));
  }

  std::unique_ptr<GzipStream> stream_;
  TextDecoder decoder_;
  std::string bytes_, text_;
  size_t at_ = 0;        // where the next line begins
  size_t searched_ = 0;  // where its end is looked for
  bool ended_ = true;
  int64_t replaced_ = 0;
};

// A text's name: itself, with one space for what stands between words.
std::string NameOf(std::string text) {
  absl::RemoveExtraAsciiWhitespace(&text);
  return OnOneLine(std::move(text));
}

class TextFiles : public Input {
 public:
  // `first`: the first of them, where it is open.
  TextFiles(std::vector<std::string> paths, TextUnit unit, std::unique_ptr<GzipStream> first)
      : paths_(std::move(paths)), unit_(unit), next_(first ? 1 : 0), open_(next_ == 1) {
    if (open_) lines_.Take(std::move(first));
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
      block.names.push_back(unit_ == TextUnit::kFile ? paths_[next_ - 1] : NameOf(text));
      block.texts.push_back(std::move(text));
    }
    block.repaired += lines_.TakeReplaced();
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
  std::unique_ptr<GzipStream> first;
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
      absl::StatusOr<std::unique_ptr<GzipStream>> opened = GzipStream::Open(options.input);
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
