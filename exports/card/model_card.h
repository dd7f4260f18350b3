// README.md of an export: the front matter that hubs read, what the model is and takes, how to load
// it, what it was trained on and how, its figures beside their baselines, and the proof.
#pragma once

#include <cstdint>
#include <string>

#include "core/flow/flow_type.h"
#include "exports/card/card_facts.h"
#include "exports/proof/proof.h"

namespace pretext {

struct CardOfExport {
  std::string library;  // "transformers"
  FlowType input;
  int64_t features = 0;
  std::string loader;   // Python
  std::string weights;  // the file's name
  std::string checksum;
  int64_t bytes = 0;
  const Proof* proof = nullptr;
};

std::string ModelCard(const CardFacts& facts, const CardOfExport& of);

}  // namespace pretext
