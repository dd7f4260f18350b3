// Makes the parts of a pipeline, and takes down their faults at the places of the text.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/flow/flow_type.h"
#include "core/plugin/build_context.h"
#include "core/plugin/registry.h"
#include "google/protobuf/any.pb.h"
#include "pipelines/text/source_map.h"

namespace pretext {

// A Maker as model_flow.h has it.
class PartMaker {
 public:
  explicit PartMaker(SourceMap& map) : map_(map) {}

  // The part, or null after its faults were taken. Its input is nothing when unknown.
  template <class Base>
  void Make(std::unique_ptr<Base>& part, const google::protobuf::Any& any, const std::string& path,
            const BuildContext& context) {
    if (any.type_url().empty()) {
      if (!map_.IsDoubtful(path)) map_.AddFaults(path, Missing(kKindName<Base>));
      return;
    }
    absl::StatusOr<std::unique_ptr<Base>> made = Registry<Base>::Create(any, context);
    if (made.ok()) {
      part = *std::move(made);
      return;
    }
    // Without its input a part cannot judge its shapes, which are faults of the part as a whole.
    const bool judged = std::is_same_v<Base, Dataset> || std::is_same_v<Base, Optimizer> ||
                        (Known(context.input) && Known(context.sample));
    if (judged) {
      map_.AddFaults(path, made.status());
    } else {
      map_.AddFieldFaults(path, made.status());
    }
  }

  // What the part gives, the next one's input; nothing if that is not certain.
  template <class Part>
  FlowType Output(const Part* part, const std::string& path, const BuildContext& context) {
    const bool certain = part != nullptr && Known(context.input) && !map_.HasDoubt(path);
    return certain ? Bounded(part->output(), path) : FlowType();
  }

  // The type, or nothing after a fault: more numbers than a sample may have between two parts.
  FlowType Bounded(const FlowType& type, const std::string& path);

  static bool Known(const FlowType& type) { return !type.is(FlowType::Kind::kNothing); }

 private:
  static absl::Status Missing(absl::string_view kind);

  SourceMap& map_;
};

}  // namespace pretext
