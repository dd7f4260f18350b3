#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/text/counted.h"
#include "core/loader/content_sums.h"
#include "core/plugin/registry.h"
#include "google/protobuf/text_format.h"
#include "pipelines/init/data_facts.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

namespace {

// Whether the files lie in a folder of Fashion-MNIST, as Debian, torchvision or a person calls it:
// IDX files do not say what they show.
bool IsFashion(const std::string& fields) {
  return absl::StrContains(absl::AsciiStrToLower(fields), "fashion");
}

}  // namespace

absl::StatusOr<DataFacts> LookAtDataset(DataFacts::Kind kind, const std::string& path,
                                        const std::string& type, const std::string& fields) {
  Pipeline config;
  const std::string text =
      absl::StrCat("dataset { [type.googleapis.com/", type, "] {\n", fields, "} }");
  if (!google::protobuf::TextFormat::ParseFromString(text, &config)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": would be read by ", type, ", which is not linked into this program"));
  }
  auto dataset = Registry<Dataset>::Create(config.dataset(), BuildContext());
  absl::Status status = dataset.status();
  if (status.ok()) status = (*dataset)->Load();
  if (!status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", status.message()));
  }
  const Dataset& data = **dataset;
  DataFacts facts;
  facts.kind = kind;
  facts.path = path;
  facts.fields = fields;
  facts.samples = data.size(Split::kTrain);
  facts.test_samples = data.size(Split::kTest);
  facts.classes = data.classes();
  if (data.type().is(FlowType::Kind::kVector)) facts.features = data.type().features;
  facts.channels = data.type().channels;
  facts.height = data.type().height;
  facts.width = data.type().width;
  facts.found.push_back(data.Summary());
  const absl::StatusOr<std::vector<SampleSum>> sums = SumsOf(data, Split::kTrain);
  if (!sums.ok()) return sums.status();
  std::set<uint32_t> contents;
  for (const SampleSum& sum : *sums) contents.insert(sum.content);
  facts.copies = facts.samples - static_cast<int64_t>(contents.size());
  AddCopies(facts);
  if (kind == DataFacts::Kind::kIdx && !IsFashion(fields))
    facts.mirrored = "IDX files hold letters or digits most often";
  return facts;
}

}  // namespace pretext
