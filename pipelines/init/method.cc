#include "pipelines/init/method.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/text/counted.h"
#include "base/text/nearest.h"

namespace pretext {
namespace {

constexpr int64_t kFewestSamples = 32;

std::string OfThemCopies(const DataFacts& facts) {
  return facts.copies > 0 ? absl::StrCat(", ", Counted(facts.copies), " of them copies of another")
                          : "";
}

}  // namespace

absl::StatusOr<Method> ChooseMethod(const std::string& name, const DataFacts& facts) {
  const bool text = facts.kind == DataFacts::Kind::kText;
  const bool arrays = facts.kind == DataFacts::Kind::kArrays;
  Method method = text ? Method::kMaskedLm : arrays ? Method::kAutoencoder : Method::kSimclr;
  const std::vector<std::string> names = {"autoencoder", "simclr", "masked_lm"};
  const auto at = std::find(names.begin(), names.end(), name);
  if (!name.empty() && at == names.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--method: there is no method ", name, NearestAndKnown(name, names, "Known")));
  }
  if (!name.empty()) method = static_cast<Method>(at - names.begin());
  if ((method == Method::kMaskedLm) != text) {
    return absl::InvalidArgumentError(
        absl::StrCat("--method: ", name, " is for ", text ? "pictures and arrays" : "text",
                     ", and ", facts.path, " holds ",
                     text     ? "text; take masked_lm"
                     : arrays ? "arrays; take autoencoder"
                              : "pictures; take simclr or autoencoder"));
  }
  if (arrays && method == Method::kSimclr) {
    return absl::InvalidArgumentError(
        absl::StrCat("--method: ", name, " is for pictures, whose views are crops and colours; ",
                     facts.path, " holds arrays; take autoencoder"));
  }
  // Copies go to one part together.
  if (!text && facts.samples - facts.copies < kFewestSamples) {
    return absl::InvalidArgumentError(
        absl::StrCat(facts.path, ": has ",
                     arrays ? CountOf(facts.samples, "sample", "samples")
                            : CountOf(facts.samples, "picture", "pictures") + " that can be read",
                     OfThemCopies(facts), "; at least ", kFewestSamples,
                     " are needed for a training, a validation and a test part"));
  }
  if (text && (facts.words < 1000 || facts.documents - facts.copies < kFewestSamples)) {
    return absl::InvalidArgumentError(
        absl::StrCat(facts.path, ": has ", CountOf(facts.words, "word", "words"), " in ",
                     CountOf(facts.documents, "document", "documents"), OfThemCopies(facts),
                     "; at least 1,000 in ", kFewestSamples,
                     " are needed for a training, a validation and a test part"));
  }
  return method;
}

}  // namespace pretext
