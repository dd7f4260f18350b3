// The method that suits some data.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "pipelines/init/data_facts.h"

namespace pretext {

enum class Method { kAutoencoder, kSimclr, kMaskedLm };

// "autoencoder", "simclr" or "masked_lm"; empty: what suits the data. An error where it does not
// fit the data.
absl::StatusOr<Method> ChooseMethod(const std::string& name, const DataFacts& facts);

}  // namespace pretext
