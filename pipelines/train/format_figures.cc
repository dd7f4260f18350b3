#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pipelines/train/evaluation.h"

namespace pretext {

std::string FormatFigures(const Figures& figures) {
  std::string text = "evaluation:";
  for (const auto& [name, value] : figures.values) {
    absl::StrAppend(&text, " ", name, " ", absl::StrFormat("%.5g", value));
  }
  return text;
}

}  // namespace pretext
