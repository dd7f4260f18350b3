#include "evaluation/fill_mask/fill_mask.h"

#include <cstdio>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/json/json.h"
#include "base/text/counted.h"
#include "cli/command.h"
#include "pipelines/trained/trained.h"

ABSL_FLAG(int, top, 5, "how many are shown: tokens for each [MASK], neighbours of each input");
ABSL_FLAG(bool, json, false, "print one JSON object");

namespace pretext {
namespace {

std::string Json(const std::string& text, const FilledMasks& filled, int64_t length) {
  std::vector<std::string> masks;
  for (const std::vector<Guess>& guesses : filled.masks) {
    std::vector<std::string> objects;
    for (const Guess& guess : guesses) {
      objects.push_back(JsonObject()
                            .Add("token", guess.token)
                            .Add("id", guess.id)
                            .Add("probability", guess.probability)
                            .text());
    }
    masks.push_back(absl::StrCat("[", absl::StrJoin(objects, ","), "]"));
  }
  return absl::StrCat("{\"text\":", JsonString(text), ",\"masks\":[", absl::StrJoin(masks, ","),
                      "],\"masks_cut_off\":", filled.cut_off, ",\"tokens\":", filled.tokens,
                      ",\"most_tokens\":", length, "}");
}

}  // namespace

absl::Status FillMaskCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("fill-mask", arguments, 2, 2); !status.ok()) return status;
  const int top = absl::GetFlag(FLAGS_top);
  if (top < 1) {
    return absl::InvalidArgumentError(absl::StrCat("--top is a number above 0; it is ", top));
  }
  const auto parts = OpenTrained(arguments[0]);
  if (!parts.ok()) return parts.status();
  const Tokenizer* tokenizer = parts->dataset->tokenizer();
  if (tokenizer == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(arguments[0], ": a model of text fills in masks; this one was trained on ",
                     parts->sample.ToString()));
  }
  const auto filled = FillMask(*parts->encoder, *parts->head, *tokenizer, arguments[1],
                               parts->sample.tokens, top, parts->precision());
  if (!filled.ok()) return filled.status();
  if (absl::GetFlag(FLAGS_json)) {
    std::printf("%s\n", Json(arguments[1], *filled, parts->sample.tokens).c_str());
    return absl::OkStatus();
  }
  std::printf("%s\n", arguments[1].c_str());
  const size_t shown = filled->masks.size();
  const bool several = shown + static_cast<size_t>(filled->cut_off) > 1;
  for (size_t m = 0; m < shown; ++m) {
    if (several) std::printf("mask %zu\n", m + 1);
    for (const Guess& guess : filled->masks[m]) {
      std::printf("  %5.1f %%  %s\n", 100 * guess.probability, guess.token.c_str());
    }
  }
  if (filled->cut_off > 0) {
    std::printf(
        "%s of %s masks cut off: the text has %s tokens, of which this encoder takes the first "
        "%s\n",
        Counted(filled->cut_off).c_str(),
        Counted(static_cast<int64_t>(shown) + filled->cut_off).c_str(),
        Counted(filled->tokens).c_str(), Counted(parts->sample.tokens).c_str());
  }
  return absl::OkStatus();
}

}  // namespace pretext
