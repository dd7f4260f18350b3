// How a trained part is said in a format that other programs read: the part's own plugin knows.
//
// A plugin registers a function a format, in its own folder; no other file is edited. One that
// registers none for a format is refused there, with those that it has.
//
//   // encoders/res_net/res_net_names.cc
//   absl::StatusOr<ForeignModel> NamedByTorchvision(const TrainedPart& part);
//   PRETEXT_REGISTER_EXPORT(ResNet, "torchvision", NamedByTorchvision);
//
//   // encoders/res_net/res_net_graph.cc
//   absl::StatusOr<GraphFlow> DrawResNet(const TrainedPart&, const GraphFlow&, GraphBuilder&);
//   PRETEXT_REGISTER_EXPORT(ResNet, "onnx", DrawResNet);
//
// What a format does with it (files, proof, model card) is in exports/.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/autograd/parameter.h"
#include "core/flow/flow_type.h"
#include "core/graph/graph_builder.h"
#include "core/plugin/foreign_names.h"

namespace google::protobuf {
class Message;
}

namespace pretext {

struct TrainedPart {
  std::string name;  // "encoder" or "head": what its parameters' names begin with
  const google::protobuf::Message* config = nullptr;  // the plugin's own
  FlowType input, output;
  const ParameterSet* parameters = nullptr;  // allocated, with their trained values
  std::vector<ForeignNames> foreign;         // the plugin's foreign_names()
  int64_t steps = 0;                         // batches that were trained on
  const TrainedPart* encoder = nullptr;      // of a head: what it stands on

  // A parameter or a running statistic by the plugin's own name, "conv1.weight", row-major;
  // undefined if there is none.
  Tensor Find(absl::string_view name) const;
  // Checked: there is one.
  Tensor operator[](absl::string_view name) const;
  // All of it by the names of one of `foreign` (checked: it is there), in the table's order; a
  // tensor of ours that is several of theirs in blocks of as many rows.
  std::vector<NamedTensor> Named(absl::string_view program) const;
  // The parameters and statistics of a batch normalisation that was declared under `name`.
  GraphBatchNorm BatchNorm(absl::string_view name, float epsilon) const;
};

// A model in another program's terms.
struct ForeignModel {
  std::string architecture;  // there: "resnet18", "BertModel"
  // Members of its config.json, in order, each as JSON.
  std::vector<std::pair<std::string, std::string>> config;
  std::vector<NamedTensor> tensors;          // by its names
  bool first_token = false;                  // is a text's vector; else the mean over tokens
  std::map<std::string, std::string> files;  // beside: contents by name
  // What computes the model from these alone, by its name in the registry of readings
  // (exports/reading): the export is proved by it.
  std::string reading;

  // A member of `config`; empty if there is none.
  std::string Member(absl::string_view key) const;
};

// What flows through a graph: h, and of tokens the mask [N, L] that tells them from padding
// (float32, 1 and 0). An encoder is given nothing and declares the graph's inputs.
struct GraphFlow {
  std::string value, mask;
};

// InvalidArgument, with the reason and what can be done, where the format cannot express the part.
using ForeignFunction = absl::StatusOr<ForeignModel> (*)(const TrainedPart& part);
// Of a head: adds itself to the encoder's model.
using ForeignHeadFunction = absl::Status (*)(const TrainedPart& head, ForeignModel& model);
// Adds the part's nodes and outputs to the graph.
using GraphFunction = absl::StatusOr<GraphFlow> (*)(const TrainedPart& part, const GraphFlow& in,
                                                    GraphBuilder& graph);

struct ExportEntry {
  ExportEntry(std::string plugin, std::string format, const char* file, int line)
      : plugin(std::move(plugin)), format(std::move(format)), file(file), line(line) {}

  const std::string plugin;  // its config's name, "pretext.ResNet"
  const std::string format;
  const char* const file;
  const int line;
  // One of them.
  ForeignFunction foreign = nullptr;
  ForeignHeadFunction foreign_head = nullptr;
  GraphFunction graph = nullptr;
};

// Null if there is none.
const ExportEntry* FindExport(absl::string_view plugin, absl::string_view format);
// The formats of a plugin, sorted.
std::vector<std::string> ExportFormatsOf(absl::string_view plugin);

// Registers for the life of the program. A second one of a plugin and a format stops the program at
// its start and names both places.
class ExportRegistration {
 public:
  template <class Function>
  ExportRegistration(std::string plugin, std::string format, Function function, const char* file,
                     int line)
      : entry_(std::move(plugin), std::move(format), file, line) {
    Set(function);
    Register();
  }

 private:
  void Set(ForeignFunction function) { entry_.foreign = function; }
  void Set(ForeignHeadFunction function) { entry_.foreign_head = function; }
  void Set(GraphFunction function) { entry_.graph = function; }
  void Register() const;

  ExportEntry entry_;
};

}  // namespace pretext

#define PRETEXT_REGISTER_EXPORT(Config, format, function)                    \
  static const ::pretext::ExportRegistration PRETEXT_EXPORT_NAME_(__LINE__)( \
      ::pretext::Config::descriptor()->full_name(), format, function, __FILE__, __LINE__)
#define PRETEXT_EXPORT_NAME_(line) PRETEXT_EXPORT_CONCAT_(line)
#define PRETEXT_EXPORT_CONCAT_(line) pretext_export_##line
