// A tokenizer that is nothing but ids, for tests of what looks at tokens.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/plugin/tokenizer.h"

namespace pretext {

// Ids 0 … 4 are [PAD] [UNK] [CLS] [SEP] [MASK]; those below `ordinary` are special too, those from
// `continuation` on go on with a word. Text is numbers with spaces between.
class FakeTokenizer : public Tokenizer {
 public:
  explicit FakeTokenizer(int64_t size, int32_t ordinary = 5, int32_t continuation = INT32_MAX)
      : size_(size), ordinary_(ordinary), continuation_(continuation) {
    for (int64_t id = 0; id < size; ++id) names_.push_back(std::to_string(id));
  }

  int64_t vocabulary_size() const override { return size_; }
  SpecialIds special() const override {
    return {.pad = 0, .unknown = 1, .cls = 2, .sep = 3, .mask = 4};
  }
  void Encode(std::string_view text, std::vector<int32_t>& ids) const override {
    while (!text.empty()) {
      const size_t end = std::min(text.find(' '), text.size());
      if (end > 0) ids.push_back(std::stoi(std::string(text.substr(0, end))));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  std::string_view Token(int32_t id) const override { return names_[id]; }
  bool is_special(int32_t id) const override { return id < ordinary_; }
  bool is_continuation(int32_t id) const override { return id >= continuation_; }
  std::string Decode(const std::vector<int32_t>& ids) const override {
    std::string text;
    for (const int32_t id : ids) text += (text.empty() ? "" : " ") + names_[id];
    return text;
  }
  std::string Fingerprint() const override { return "fake " + std::to_string(size_); }
  std::string file_name() const override { return "fake.txt"; }
  std::string Serialize() const override { return Fingerprint(); }
  absl::Status Restore(std::string_view) override { return absl::OkStatus(); }

 private:
  const int64_t size_;
  const int32_t ordinary_, continuation_;
  std::vector<std::string> names_;
};

}  // namespace pretext
