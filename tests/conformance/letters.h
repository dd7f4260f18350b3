// A tokenizer over 50 tokens, for parts that need one: five special ones,
// then "a", "##b", "c", "##d" …
#pragma once

#include <string>
#include <vector>

#include "core/plugin/tokenizer.h"

namespace pretext {

class Letters : public Tokenizer {
 public:
  static constexpr int32_t kFirst = 5;  // that is not special

  Letters() {
    for (int32_t id = 0; id < 50; ++id) {
      std::string token = id < kFirst ? "[S" + std::to_string(id) + "]"
                                      : std::string(1, static_cast<char>('a' + id % 26));
      tokens_.push_back(is_continuation(id) ? "##" + token : token);
    }
  }
  int64_t vocabulary_size() const override { return 50; }
  SpecialIds special() const override {
    return {.pad = 0, .unknown = 1, .cls = 2, .sep = 3, .mask = 4};
  }
  void Encode(std::string_view text, std::vector<int32_t>& ids) const override {
    for (char c : text) ids.push_back(kFirst + static_cast<unsigned char>(c) % 45);
  }
  std::string_view Token(int32_t id) const override { return tokens_[static_cast<size_t>(id)]; }
  bool is_special(int32_t id) const override { return id < kFirst; }
  bool is_continuation(int32_t id) const override { return id >= kFirst && id % 2 == 0; }
  std::string Decode(const std::vector<int32_t>& ids) const override {
    std::string text;
    for (int32_t id : ids) text += Token(id);
    return text;
  }
  std::string Fingerprint() const override { return "letters"; }
  std::string file_name() const override { return "letters.txt"; }
  std::string Serialize() const override { return ""; }
  absl::Status Restore(std::string_view) override { return absl::OkStatus(); }

 private:
  std::vector<std::string> tokens_;
};

}  // namespace pretext
