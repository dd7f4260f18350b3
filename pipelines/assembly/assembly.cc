#include "pipelines/assembly/assembly.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/loader/validation_split.h"
#include "core/plugin/field_checker.h"
#include "google/protobuf/any.pb.h"
#include "pipelines/assembly/build_views.h"
#include "pipelines/assembly/combinations.h"
#include "pipelines/assembly/freeze.h"
#include "pipelines/assembly/memory_estimate.h"
#include "pipelines/assembly/model_flow.h"
#include "pipelines/assembly/part_maker.h"
#include "pipelines/assembly/roles.h"
#include "pipelines/assembly/sections.h"
#include "pipelines/initialize/initialization.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/text/precision.h"

namespace pretext {
namespace {

using google::protobuf::Any;

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
    BuildViews(config.views(), maker_, map_, context_, parts_);
    const BuildContext before_encoder = context_;
    MakeEncoderAndHead(config, maker_, context_, parts_.encoder, parts_.head);
    MakePredictor(config, maker_, context_, parts_.predictor);
    BuildRoles(config, before_encoder);
    maker_.Make(parts_.loss, config.loss(), "loss", context_);
    maker_.Make(parts_.optimizer, config.optimizer(), "optimizer", context_);
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

  // Groups of views and the teacher, and what they tell the loss.
  void BuildRoles(const Pipeline& config, const BuildContext& before_encoder) {
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

  void BuildDataset(const Any& any) {
    maker_.Make(parts_.dataset, any, "dataset", context_);
    if (parts_.dataset == nullptr || map_.HasDoubt("dataset")) return;
    parts_.sample = maker_.Bounded(parts_.dataset->type(), "dataset");
    const bool image = parts_.sample.is(FlowType::Kind::kImage);
    if (image && !parts_.sample.range) parts_.sample.range = kUnitRange;
    context_.sample = parts_.sample;
    context_.input = parts_.sample;
    context_.labelled = parts_.dataset->labelled();
    context_.tokenizer = parts_.dataset->tokenizer();
    if (const double kept = parts_.config->evaluate().validation(); kept > 0 && kept < 1)
      parts_.dataset = std::make_unique<ValidationSplit>(std::move(parts_.dataset), kept);
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
  PartMaker maker_{map_};
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
