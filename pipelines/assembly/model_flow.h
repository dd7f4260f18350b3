// The flow through a model, and what each of its parts is told before it is made:
//
//     view → encoder → h → head → z → [predictor → q] → loss
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "core/plugin/build_context.h"
#include "core/plugin/registry.h"
#include "google/protobuf/any.pb.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

// What the encoder of these parts was told.
BuildContext EncoderContext(const Assembled& parts);

// Makes the encoder and then the head; `context` is the encoder's, and in the end holds z, the
// input of what comes next. A Maker makes one part (Make), null where it has faults, and says what
// a part gives (Output), nothing where that is not certain: PartMaker and PartsAgain.
template <class Maker>
void MakeEncoderAndHead(const Pipeline& config, Maker& maker, BuildContext& context,
                        std::unique_ptr<Encoder>& encoder, std::unique_ptr<Head>& head) {
  const FlowType sample = context.sample;
  maker.Make(encoder, config.encoder(), "encoder", context);
  context.input = maker.Output(encoder.get(), "encoder", context);
  if (encoder != nullptr) context.token_embedding = encoder->token_embedding();
  // What a decoder gives has the sample's type, and the range of its own activation.
  context.sample.range.reset();
  maker.Make(head, config.head(), "head", context);
  context.sample = sample;
  context.input = maker.Output(head.get(), "head", context);
}

// Makes the predictor, where there is one; `context` is as MakeEncoderAndHead leaves it and becomes
// the loss's, but for the views (DescribeViews).
template <class Maker>
void MakePredictor(const Pipeline& config, Maker& maker, BuildContext& context,
                   std::unique_ptr<Head>& predictor) {
  const FlowType z = context.input;
  if (config.has_predictor()) {
    maker.Make(predictor, config.predictor(), "predictor", context);
    context.input = maker.Output(predictor.get(), "predictor", context);
  }
  if (config.has_teacher() || config.has_predictor()) context.target = z;
}

// A Maker of parts that have been made before: its first fault ends it.
class PartsAgain {
 public:
  template <class Base>
  void Make(std::unique_ptr<Base>& part, const google::protobuf::Any& any,
            const std::string& /*path*/, const BuildContext& context) {
    if (!status_.ok()) return;
    absl::StatusOr<std::unique_ptr<Base>> made = Registry<Base>::Create(any, context);
    if (made.ok()) {
      part = *std::move(made);
    } else {
      status_ = made.status();
    }
  }

  template <class Part>
  FlowType Output(const Part* part, const std::string& /*path*/, const BuildContext&) const {
    return part != nullptr ? part->output() : FlowType();
  }

  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

}  // namespace pretext
