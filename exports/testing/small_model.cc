#include "exports/testing/small_model.h"

#include <google/protobuf/any.pb.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "base/random/random.h"
#include "core/plugin/registry.h"
#include "tokenizers/word_piece/word_piece.h"

namespace pretext {
namespace {

// Weights by their fan-in, so that signals keep their size; scales and variances around 1.
void FillRandomly(ParameterSet& set, uint64_t number) {
  uint64_t stream = number << 20;
  for (Parameter& p : set.parameters()) {
    Random random({.seed = 5, .sample = ++stream});
    const bool scale = p.role == Role::kNormScale;
    const int64_t fan_in = p.shape.size() / std::max<int64_t>(p.shape[0], 1);
    const float size = p.role == Role::kWeight ? 1.4f / std::sqrt(static_cast<float>(fan_in))
                                               : (p.role == Role::kEmbedding ? 0.7f : 0.3f);
    for (int64_t i = 0; i < p.value.size(); ++i)
      p.value.data()[i] = (scale ? 1 : 0) + size * random.Normal();
  }
  for (Buffer& b : set.buffers()) {
    Random random({.seed = 5, .sample = ++stream});
    const bool variance = b.initializer.value == 1;
    for (int64_t i = 0; i < b.value.size(); ++i)
      b.value.data()[i] = variance ? 0.5f + random.Uniform() : 0.3f * random.Normal();
  }
}

std::unique_ptr<Tokenizer> MakeTokenizer(int64_t vocabulary) {
  std::vector<std::string> pieces = WordPieceVocabulary::SpecialPieces();
  for (char c = 'a'; c <= 'z'; ++c) {
    pieces.push_back(std::string(1, c));
    pieces.push_back(absl::StrCat("##", std::string(1, c)));
  }
  while (static_cast<int64_t>(pieces.size()) < vocabulary)
    pieces.push_back(absl::StrCat("word", pieces.size()));
  pieces.resize(static_cast<size_t>(vocabulary));
  auto made = WordPieceVocabulary::FromPieces(std::move(pieces));
  PRETEXT_CHECK(made.ok(), "a vocabulary of different pieces");
  return std::make_unique<WordPieceTokenizer>(WordPieceTokenizer::Options(), *std::move(made));
}

template <class Base>
std::unique_ptr<Base> Create(const google::protobuf::Message& config, const BuildContext& context) {
  google::protobuf::Any any;
  any.PackFrom(config);
  auto made = Registry<Base>::Create(any, context);
  PRETEXT_CHECK(made.ok(), std::string(made.status().message()).c_str());
  return *std::move(made);
}

}  // namespace

SmallModel::SmallModel(const google::protobuf::Message& encoder,
                       const google::protobuf::Message* head, const FlowType& input)
    : encoder_config_(encoder.New()) {
  encoder_config_->CopyFrom(encoder);
  encoder_ = Create<Encoder>(encoder, {.input = input, .sample = input, .view = input});
  encoder_->parameters().Allocate("encoder", 1);
  FillRandomly(encoder_->parameters(), 1);
  if (input.is(FlowType::Kind::kTokens)) tokenizer_ = MakeTokenizer(input.vocabulary);
  request_.encoder = {.name = "encoder",
                      .config = encoder_config_.get(),
                      .input = input,
                      .output = encoder_->output(),
                      .parameters = &encoder_->parameters(),
                      .foreign = encoder_->foreign_names(),
                      .steps = 7};
  request_.encoder_plugin = encoder_.get();
  request_.tokenizer = tokenizer_.get();
  if (input.is(FlowType::Kind::kImage)) {
    request_.scale = {.mean = std::vector<double>(static_cast<size_t>(input.channels), 0.5),
                      .deviation = std::vector<double>(static_cast<size_t>(input.channels), 0.25)};
  }
  request_.facts = {.name = "small", .version = "0", .encoder = encoder.GetTypeName()};
  if (head == nullptr) return;
  head_config_.reset(head->New());
  head_config_->CopyFrom(*head);
  head_ = Create<Head>(*head, {.input = encoder_->output(),
                               .sample = input,
                               .token_embedding = encoder_->token_embedding()});
  head_->parameters().Allocate("head", 1);
  FillRandomly(head_->parameters(), 2);
  request_.head = TrainedPart{.name = "head",
                              .config = head_config_.get(),
                              .input = encoder_->output(),
                              .output = head_->output(),
                              .parameters = &head_->parameters(),
                              .foreign = head_->foreign_names(),
                              .steps = 7,
                              .encoder = &request_.encoder};
  request_.head_plugin = head_.get();
}

ProofModel SmallModel::proof_model() const {
  return {.encoder = encoder_.get(),
          .head = head_.get(),
          .input = request_.encoder.input,
          .tokenizer = tokenizer_.get()};
}

}  // namespace pretext
