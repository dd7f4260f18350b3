#include "pipelines/initialize/initialization.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "base/file/is_there.h"
#include "base/file/read_file.h"
#include "core/plugin/build_context.h"
#include "core/plugin/field_checker.h"
#include "core/plugin/tokenizer.h"
#include "core/tensor/safetensors.h"
#include "pipelines/checkpoint/checkpoint.h"
#include "pipelines/checkpoint/fingerprint.h"
#include "pipelines/checkpoint/run_names.h"
#include "pipelines/initialize/fitting.h"
#include "pipelines/initialize/matching.h"
#include "pipelines/initialize/provenance.h"
#include "pipelines/initialize/weight_file.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using Entry = Pipeline::Initialize;

std::string FieldOf(size_t entry, const char* field) {
  return absl::StrCat("initialize[", entry, "].", field);
}

// Where a run keeps what it began with.
std::string FolderOfInitial(const std::string& run) { return run + "/initial"; }
std::string WeightsOfInitial(const std::string& run) { return WeightsIn(FolderOfInitial(run)); }

}  // namespace

struct Initialization::Source {
  Source(WeightFile opened, const Entry& entry, const std::vector<NamedPart>& parts)
      : file(std::move(opened)), matching(MatchNames(file.header(), entry.prefix(), parts)) {}
  const WeightFile file;
  const Matching matching;  // points into the file's header
};

Initialization::Initialization() = default;
Initialization::~Initialization() = default;

absl::StatusOr<std::unique_ptr<Initialization>> Initialization::Plan(
    const std::string& base_directory, const Encoder& encoder, const Head& head, Pipeline& config) {
  std::unique_ptr<Initialization> plan(new Initialization());
  BuildContext context;
  context.base_directory = base_directory;
  FieldChecker check;
  for (int i = 0; i < config.initialize_size(); ++i) {
    Entry& entry = *config.mutable_initialize(i);
    const std::string from = FieldOf(static_cast<size_t>(i), "from");
    if (!check.NotEmpty(from, entry.from())) continue;
    absl::StatusOr<WeightFile> file = WeightFile::Open(context.Resolve(entry.from()));
    if (!file.ok()) {
      check.That(false, from, file.status().message());
      continue;
    }
    const std::vector<NamedPart> parts = {
        {"encoder", entry.part() != Entry::HEAD, &encoder.parameters(), encoder.foreign_names()},
        {"head", entry.part() != Entry::ENCODER, &head.parameters(), head.foreign_names()}};
    if (entry.has_checksum()) {
      check.That(entry.checksum() == file->checksum(), FieldOf(static_cast<size_t>(i), "checksum"),
                 absl::StrCat("is ", entry.checksum(), ", and that of ", file->path(), " is ",
                              file->checksum(),
                              ": it is another file by now; leave the field out to take it"));
    }
    entry.set_checksum(file->checksum());
    auto source = std::make_unique<Source>(*std::move(file), entry, parts);
    for (const std::string& fault : FindMisfits(source->file, source->matching, entry))
      check.That(false, from, fault);
    for (std::string& note : Provenance(source->file, source->matching, config, entry))
      plan->notes_.push_back(std::move(note));
    plan->sources_.push_back(std::move(source));
  }
  if (!check.ok()) return check.status();
  return plan;
}

std::unique_ptr<Initialization> Initialization::OfRun(const std::string& run) {
  std::unique_ptr<Initialization> plan(new Initialization());
  plan->run_ = run;
  return plan;
}

absl::Status Initialization::Check(const Dataset& dataset) const {
  FieldChecker check;
  const std::string kept = WeightsOfInitial(run_);
  check.That(run_.empty() || IsThere(kept), "initialize",
             absl::StrCat("the weights that the run began from are not there, ", kept,
                          ": the untrained encoder is made of them. Put them back"));
  const Tokenizer* const tokenizer = dataset.tokenizer();
  if (tokenizer == nullptr) return check.status();
  for (size_t i = 0; i < sources_.size(); ++i) {
    const WeightFile& file = sources_[i]->file;
    const auto& metadata = file.header().metadata;
    const auto theirs = metadata.find(kTokenizerKey);
    if (theirs != metadata.end()) {
      check.That(theirs->second == TokenizerFingerprint(dataset), FieldOf(i, "from"),
                 absl::StrCat(file.path(),
                              " was trained with another vocabulary, or other options of it: the "
                              "same ids are other tokens. Give the dataset's tokenizer the "
                              "vocabulary of that run"));
      continue;
    }
    const std::string path = file.Beside("vocab.txt");
    if (path.empty()) continue;
    const absl::StatusOr<std::string> difference = VocabularyDifference(path, *tokenizer);
    if (!difference.ok()) return difference.status();
    check.That(difference->empty(), FieldOf(i, "from"), *difference);
  }
  return check.status();
}

absl::Status Initialization::Apply(const std::string& part, ParameterSet& set) const {
  if (!run_.empty()) return LoadWeights(FolderOfInitial(run_), {&set});
  std::map<std::string, Tensor> ours;
  for (Parameter& p : set.parameters()) ours.emplace(p.name, p.value);
  for (Buffer& b : set.buffers()) ours.emplace(b.name, b.value);
  for (const auto& source : sources_) {
    for (const WantedTensor& tensor : source->matching.wanted) {
      if (tensor.part != part || !tensor.found()) continue;
      Tensor target = ours.at(tensor.full_name());
      Tensor read = Tensor::Uninitialized(tensor.shape);
      float* to = read.data();
      for (const StoredTensor* piece : tensor.pieces) {
        source->file.Read(*piece, to);
        to += piece->shape.size();
      }
      const Tensor placed = read.InLayout(target.layout());
      std::copy_n(placed.data(), placed.bytes() / sizeof(float), target.data());
    }
  }
  return absl::OkStatus();
}

absl::Status Initialization::Keep(const std::string& run, const std::vector<ParameterSet*>& sets) {
  const TensorFile file = WeightsOf({sets.begin(), sets.end()}, /*tokenizer=*/"");
  const std::string folder = FolderOfInitial(run);
  const absl::Status status = MakeFolders(folder);
  return status.ok() ? WriteTensors(WeightsOfInitial(run), file) : status;
}

}  // namespace pretext
