#include "pipelines/assembly/assembly.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/text/nearest.h"
#include "core/loader/loader.h"
#include "core/loader/validation_split.h"
#include "core/plugin/field_checker.h"
#include "core/plugin/registry.h"
#include "google/protobuf/any.pb.h"
#include "pipelines/assembly/combinations.h"
#include "pipelines/assembly/freeze.h"
#include "pipelines/assembly/memory_estimate.h"
#include "pipelines/assembly/roles.h"
#include "pipelines/assembly/sections.h"
#include "pipelines/initialize/initialization.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/text/precision.h"

namespace pretext {
namespace {

using google::protobuf::Any;

// Numbers in one sample between two parts.
constexpr int64_t kMaxSampleSize = int64_t{1} << 31;

class Assembler {
 public:
  Assembler(LoadedPipeline pipeline, const AssemblyOptions& options)
      : map_(std::move(pipeline.map)), memory_bytes_(options.memory_bytes) {
    parts_.processes = options.processes;
    parts_.processes_here = options.processes_here;
    parts_.config = std::move(pipeline.config);
    context_.base_directory = options.base_directory;
    context_.run_directory = options.run_directory;
  }

  absl::StatusOr<Assembled> Assemble() {
    const AskedFigures asked = FiguresAskedFor(*parts_.config);
    FillSectionDefaults(parts_.config.get());
    TakeProcesses();
    const Pipeline& config = *parts_.config;
    CheckSections(config, &map_);
    BuildDataset(config.dataset());
    BuildViews(config.views());
    const BuildContext before_encoder = context_;
    parts_.encoder = Build<Encoder>(config.encoder(), "encoder");
    Pass(parts_.encoder.get(), "encoder");
    if (parts_.encoder != nullptr) context_.token_embedding = parts_.encoder->token_embedding();
    // What a decoder gives has the sample's type, and the range of its own activation.
    context_.sample.range.reset();
    parts_.head = Build<Head>(config.head(), "head");
    context_.sample = parts_.sample;
    Pass(parts_.head.get(), "head");
    BuildRoles(config, before_encoder);
    parts_.loss = Build<Loss>(config.loss(), "loss");
    parts_.optimizer = Build<Optimizer>(config.optimizer(), "optimizer");
    FillDefaults(parts_.config.get());
    if (parts_.encoder != nullptr && parts_.head != nullptr) {
      map_.AddFaults("", Freeze(config, parts_));
      Initialize();
    }
    if (HasAllParts()) {
      CheckCombinations(parts_, asked, &map_);
    } else if (const std::string& best = config.checkpoints().best(); !best.empty()) {
      map_.AddFaults("checkpoints.best", CheckFigure(best));
    }
    if (map_.ok()) CheckMemory();
    if (!map_.ok()) return map_.status();
    parts_.places = std::make_unique<const SourceMap>(std::move(map_));
    return std::move(parts_);
  }

 private:
  // Each process has a block at least.
  void TakeProcesses() {
    Pipeline::Train& train = *parts_.config->mutable_train();
    if (parts_.processes > 1 && train.blocks() == 0) train.set_blocks(parts_.processes);
    if (parts_.processes <= 1 || train.blocks() >= parts_.processes || train.blocks() < 0) return;
    map_.AddFaults("train.blocks",
                   absl::InvalidArgumentError(absl::StrCat(
                       "is ", train.blocks(), ", and the training is shared by ", parts_.processes,
                       " processes: each has a block at least. Start no more processes than "
                       "blocks; another number of blocks is another run")));
  }

  bool HasAllParts() const {
    return parts_.dataset != nullptr && parts_.encoder != nullptr && parts_.head != nullptr &&
           parts_.loss != nullptr &&
           (parts_.predictor != nullptr || !parts_.config->has_predictor()) &&
           (parts_.teacher != nullptr || !parts_.config->has_teacher());
  }

  // The predictor and the teacher, and what they tell the loss.
  void BuildRoles(const Pipeline& config, const BuildContext& before_encoder) {
    const FlowType z = context_.input;
    if (config.has_predictor()) {
      parts_.predictor = Build<Head>(config.predictor(), "predictor");
      Pass(parts_.predictor.get(), "predictor");
    }
    map_.AddFaults("", CheckGroups(config, parts_));
    for (ViewGroup& group : parts_.groups) group.target = IsTarget(config, group);
    if (config.has_teacher()) {
      map_.AddFaults("teacher", CheckTeacher(config));
      if (parts_.encoder != nullptr && parts_.head != nullptr && map_.ok()) {
        absl::StatusOr<std::unique_ptr<MomentumTeacher>> teacher =
            BuildTeacher(config, before_encoder);
        map_.AddFaults("teacher", teacher.status());
        if (teacher.ok()) parts_.teacher = *std::move(teacher);
      }
    }
    if (config.has_teacher() || config.has_predictor()) context_.target = z;
    DescribeViews(parts_, context_);
  }

  // A run that is there keeps what it began with: the files may be gone.
  void Initialize() {
    if (parts_.config->initialize().empty()) return;
    if (!context_.run_directory.empty()) {
      parts_.initialization = Initialization::OfRun(context_.run_directory);
      return;
    }
    auto plan = Initialization::Plan(context_.base_directory, *parts_.encoder, *parts_.head,
                                     *parts_.config);
    map_.AddFaults("", plan.status());
    if (plan.ok()) parts_.initialization = *std::move(plan);
  }

  // The part, or null after its faults were taken. Its input is context_.input,
  // nothing when unknown.
  template <class Base>
  std::unique_ptr<Base> Build(const Any& any, const std::string& path) {
    if (any.type_url().empty()) {
      if (!map_.IsDoubtful(path)) map_.AddFaults(path, Missing(kKindName<Base>));
      return nullptr;
    }
    absl::StatusOr<std::unique_ptr<Base>> part = Registry<Base>::Create(any, context_);
    if (part.ok()) return *std::move(part);
    // Without its input a part cannot judge its shapes, which are faults of the part as a whole.
    const bool judged = std::is_same_v<Base, Dataset> || std::is_same_v<Base, Optimizer> ||
                        (Known(context_.input) && Known(context_.sample));
    if (judged) {
      map_.AddFaults(path, part.status());
    } else {
      map_.AddFieldFaults(path, part.status());
    }
    return nullptr;
  }

  static bool Known(const FlowType& type) { return !type.is(FlowType::Kind::kNothing); }

  static absl::Status Missing(absl::string_view kind) {
    std::vector<std::string> known;
    for (const Plugin* plugin : PluginsOfKind(kind)) known.push_back(plugin->name);
    return absl::InvalidArgumentError(
        absl::StrCat("is missing; write ", kind, " { ",
                     TypeInBrackets(known.empty() ? "PACKAGE.TYPE" : known.front()),
                     " { … } }. Known: ", ListOrNone(known), "."));
  }

  // What the part gives becomes the next one's input; nothing if that is not certain.
  template <class Part>
  void Pass(const Part* part, const std::string& path) {
    const bool certain = part != nullptr && Known(context_.input) && !map_.HasDoubt(path);
    context_.input = certain ? Bounded(part->output(), path) : FlowType();
  }

  FlowType Bounded(const FlowType& type, const std::string& path) {
    const int64_t size = CheckedSize(type);
    if (size >= 0 && size <= kMaxSampleSize) return type;
    map_.AddFaults(path, absl::InvalidArgumentError(
                             absl::StrCat("gives ", type.ToString(), ", more than the ",
                                          kMaxSampleSize, " numbers that a sample may have")));
    return FlowType();
  }

  void BuildDataset(const Any& any) {
    parts_.dataset = Build<Dataset>(any, "dataset");
    if (parts_.dataset == nullptr || map_.HasDoubt("dataset")) return;
    parts_.sample = Bounded(parts_.dataset->type(), "dataset");
    const bool image = parts_.sample.is(FlowType::Kind::kImage);
    if (image && !parts_.sample.range) parts_.sample.range = kUnitRange;
    context_.sample = parts_.sample;
    context_.input = parts_.sample;
    context_.labelled = parts_.dataset->labelled();
    context_.tokenizer = parts_.dataset->tokenizer();
    if (const double kept = parts_.config->evaluate().validation(); kept > 0 && kept < 1)
      parts_.dataset = std::make_unique<ValidationSplit>(std::move(parts_.dataset), kept);
  }

  // Appends to `chain`; context_.input goes along.
  template <class Augmentations>
  void BuildChain(const Augmentations& anys, const std::string& path,
                  std::vector<const Augmentation*>* chain) {
    // Each has a stream of random numbers of its own (MakeView).
    if (static_cast<int64_t>(chain->size()) + anys.size() > kMaxAugmentations) {
      map_.AddFaults(path, absl::InvalidArgumentError(absl::StrCat(
                               "makes a chain of ", chain->size() + anys.size(), " augmentations; ",
                               kMaxAugmentations, " are the most")));
      return;
    }
    for (int i = 0; i < anys.size(); ++i) {
      const std::string element = absl::StrCat(path, ".augmentation[", i, "]");
      parts_.augmentations.push_back(Build<Augmentation>(anys[i], element));
      const Augmentation* augmentation = parts_.augmentations.back().get();
      Pass(augmentation, element);
      chain->push_back(augmentation);
    }
    if (map_.HasDoubt(path)) context_.input = FlowType();
  }

  void BuildViews(const Pipeline::Views& views) {
    context_.views = std::min(std::max(views.count(), 1), kMaxViews);
    std::vector<const Augmentation*> common;
    BuildChain(views.augmentation(), "views", &common);
    const FlowType after_common = context_.input;
    if (views.group().empty()) {
      BuildGroup({.views = context_.views}, common, views.view(), "views");
    }
    int64_t first = 0;
    for (int g = 0; g < views.group_size() && first < context_.views; ++g) {
      const Pipeline::Group& group = views.group(g);
      const std::string path = absl::StrCat("views.group[", g, "]");
      const int64_t count =
          std::clamp<int64_t>(group.count(), 1, std::max<int64_t>(1, context_.views - first));
      context_.input = after_common;
      std::vector<const Augmentation*> chain = common;
      BuildChain(group.augmentation(), path, &chain);
      BuildGroup({.name = group.name(), .first = first, .views = count, .student = group.student()},
                 chain, group.view(), path);
      first += count;
    }
    context_.input = parts_.groups.front().type;
    context_.view = context_.input;
    parts_.view = context_.input;
    for (const auto& chain : parts_.chains) {
      if (TakesSource(chain) && parts_.dataset != nullptr) parts_.dataset->ExpectCrops();
    }
  }

  // The views of a group, whose chains begin with `common`; context_.input is what comes out of it.
  void BuildGroup(ViewGroup group, const std::vector<const Augmentation*>& common,
                  const google::protobuf::RepeatedPtrField<Pipeline::View>& views,
                  const std::string& path) {
    const FlowType after_common = context_.input;
    const auto first_chain = static_cast<int64_t>(parts_.chains.size());
    parts_.chains.resize(static_cast<size_t>(first_chain + group.views), common);
    FlowType first = after_common;
    for (int v = 0; v < std::min<int>(views.size(), kMaxViews); ++v) {
      context_.input = after_common;
      const std::string view_path = absl::StrCat(path, ".view[", v, "]");
      std::vector<const Augmentation*> own = common;
      BuildChain(views[v].augmentation(), view_path, &own);
      if (v < group.views) parts_.chains[static_cast<size_t>(first_chain + v)] = std::move(own);
      if (v == 0) first = context_.input;
      if (!Known(context_.input) || !Known(first)) {
        first = FlowType();
      } else if (context_.input == first) {
        first = first.WithValuesOf(context_.input);
      } else {
        map_.AddFaults(view_path, absl::InvalidArgumentError(absl::StrCat(
                                      "ends in ", context_.input.ToString(), ", but view[0] in ",
                                      first.ToString(), "; all views must end alike")));
      }
    }
    group.type = first;
    parts_.groups.push_back(std::move(group));
  }

  void CheckMemory() {
    const double limit = static_cast<double>(memory_bytes_ > 0 ? memory_bytes_ : PhysicalMemory());
    const MemoryEstimate estimate = EstimateMemory(parts_);
    const auto refuse = [&](const std::string& path, double bytes, const std::string& for_what) {
      map_.AddFaults(path, absl::InvalidArgumentError(
                               absl::StrCat("needs at least ", FormatBytes(bytes), " ", for_what,
                                            "; the machine has ", FormatBytes(limit))));
    };
    for (const Model::NamedSet& named : parts_.trained_sets()) {
      const double bytes = ParameterBytes(*named.set);
      if (!(bytes <= limit)) refuse(named.name, bytes, "for its parameters and their gradients");
    }
    if (map_.ok() && !(estimate.total() <= limit)) {
      refuse("train.batch_size", estimate.total(),
             "with the parameters; take a smaller one, or chunk");
    }
  }

  Assembled parts_;
  SourceMap map_;
  const int64_t memory_bytes_;
  BuildContext context_;
};

}  // namespace

Assembled::Assembled() = default;
Assembled::Assembled(Assembled&&) noexcept = default;
Assembled& Assembled::operator=(Assembled&&) noexcept = default;
Assembled::~Assembled() = default;

int Assembled::blocks_of_process() const {
  const int blocks = config->train().blocks();
  return (blocks + processes - 1) / processes;
}

Precision Assembled::precision() const { return PrecisionOf(config->train().precision()); }

BatchNormScope Assembled::batch_norm() const {
  switch (config->train().batch_norm()) {
    case Pipeline::Train::ALL_VIEWS:
      return BatchNormScope::kAllViews;
    case Pipeline::Train::PER_VIEW:
      return BatchNormScope::kPerView;
    case Pipeline::Train::PER_BLOCK:
      return BatchNormScope::kPerBlock;
  }
  return BatchNormScope::kAllViews;
}

std::vector<int64_t> Assembled::group_sizes() const {
  std::vector<int64_t> sizes;
  for (const ViewGroup& group : groups) sizes.push_back(group.views);
  return sizes;
}

absl::StatusOr<Assembled> Assemble(LoadedPipeline pipeline, const AssemblyOptions& options) {
  if (!pipeline.complete) return pipeline.map.status();
  return Assembler(std::move(pipeline), options).Assemble();
}

absl::StatusOr<Assembled> AssembleFile(const std::string& path,
                                       const std::vector<std::string>& overrides,
                                       const AssemblyOptions& options) {
  absl::StatusOr<LoadedPipeline> pipeline = LoadPipelineFile(path, overrides);
  if (!pipeline.ok()) return pipeline.status();
  return Assemble(*std::move(pipeline), options);
}

}  // namespace pretext
