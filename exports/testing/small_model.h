// Trained parts for tests of exports: random weights and statistics, as none of which is what a new
// layer has.
#pragma once

#include <memory>
#include <string>

#include "core/plugin/encoder.h"
#include "core/plugin/head.h"
#include "core/plugin/tokenizer.h"
#include "exports/proof/proof.h"
#include "exports/write/export_request.h"

namespace google::protobuf {
class Message;
}

namespace pretext {

class SmallModel {
 public:
  // The plugins that the configs select; `head` may be null.
  SmallModel(const google::protobuf::Message& encoder, const google::protobuf::Message* head,
             const FlowType& input);

  Encoder& encoder() { return *encoder_; }
  ExportRequest& request() { return request_; }
  ProofModel proof_model() const;

 private:
  std::unique_ptr<google::protobuf::Message> encoder_config_, head_config_;
  std::unique_ptr<Tokenizer> tokenizer_;  // of tokens
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Head> head_;
  ExportRequest request_;
};

}  // namespace pretext
