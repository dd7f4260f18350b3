#include "datasets/cifar/cifar.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file/folder.h"
#include "base/file/read_file.h"
#include "datasets/cifar/cifar.pb.h"

namespace pretext {
namespace {

CifarLayout LayoutOf(const Cifar& config) {
  switch (config.variant()) {
    case Cifar::CIFAR10:
      return kCifar10;
    case Cifar::CIFAR100:
      return kCifar100;
    case Cifar::CIFAR100_COARSE:
      return kCifar100Coarse;
  }
  return kCifar10;
}

bool Exists(const std::string& path) {
  const absl::StatusOr<PathKind> kind = KindOfPath(path);
  return !kind.ok() || *kind != PathKind::kNothing;
}

// The names of the classes, a line each; none where the folder has no such file.
std::vector<std::string> ReadClassNames(const std::string& directory, const Cifar& config,
                                        int64_t classes) {
  constexpr int64_t kMostBytes = 1 << 16;
  const char* const file = config.variant() == Cifar::CIFAR10    ? "/batches.meta.txt"
                           : config.variant() == Cifar::CIFAR100 ? "/fine_label_names.txt"
                                                                 : "/coarse_label_names.txt";
  const absl::StatusOr<std::string> text = ReadFile(directory + file, kMostBytes);
  if (!text.ok()) return {};
  std::vector<std::string> names =
      absl::StrSplit(*text, absl::ByAnyChar("\r\n"), absl::SkipWhitespace());
  if (static_cast<int64_t>(names.size()) != classes) names.clear();
  return names;
}

// CIFAR-10's training images are in five files; fewer do, from the first on, and none may be
// missing between two.
std::vector<std::string> TrainFiles(const std::string& directory, const Cifar& config) {
  if (config.variant() != Cifar::CIFAR10) return {directory + "/train.bin"};
  const auto batch = [&](int i) { return absl::StrCat(directory, "/data_batch_", i, ".bin"); };
  int last = 5;
  while (last > 1 && !Exists(batch(last))) --last;
  std::vector<std::string> files;
  for (int i = 1; i <= last; ++i) files.push_back(batch(i));
  return files;
}

}  // namespace

CifarDataset::CifarDataset(const Cifar& config)
    : config_(std::make_unique<Cifar>(config)), layout_(LayoutOf(config)) {}
CifarDataset::~CifarDataset() = default;

absl::StatusOr<std::unique_ptr<Dataset>> CifarDataset::Create(const Cifar& config,
                                                              const BuildContext& context) {
  FieldChecker check;
  std::unique_ptr<CifarDataset> dataset(new CifarDataset(config));
  const auto add = [&](const std::string& path, std::vector<File>& files) {
    const absl::StatusOr<int64_t> records = CountCifarRecords(path, dataset->layout_);
    if (check.Nested("directory", records.status())) files.push_back({path, *records});
  };
  if (check.NotEmpty("directory", config.directory())) {
    const std::string directory = context.Resolve(config.directory());
    for (const std::string& path : TrainFiles(directory, config)) add(path, dataset->train_);
    dataset->class_names_ = ReadClassNames(directory, config, dataset->layout_.classes);
    add(directory + (config.variant() == Cifar::CIFAR10 ? "/test_batch.bin" : "/test.bin"),
        dataset->test_);
  }
  CheckImageScaling(config.scaling(), "scaling", check);
  if (!check.ok()) return check.status();
  return dataset;
}

absl::StatusOr<ByteImages::Part> CifarDataset::LoadFiles(const std::vector<File>& files) const {
  ByteImages::Part part;
  for (const File& file : files) {
    const absl::Status status =
        ReadCifarFile(file.path, layout_, file.records, part.pixels, part.labels);
    if (!status.ok()) return status;
  }
  return part;
}

FlowType CifarDataset::type() const {
  return FlowType::Image(3, 32, 32).WithRange(RangeOf(config_->scaling()));
}

DatasetExtent CifarDataset::extent() const {
  const auto records = [](const std::vector<File>& files) {
    int64_t sum = 0;
    for (const File& file : files) sum += file.records;
    return sum;
  };
  return ByteImages::Extent(type(), records(train_), records(test_), /*held_out=*/0);
}

absl::Status CifarDataset::Load() {
  absl::StatusOr<ByteImages::Part> train = LoadFiles(train_), test = LoadFiles(test_);
  if (!train.ok()) return train.status();
  if (!test.ok()) return test.status();
  images_.Set(type(), *std::move(train), *std::move(test), /*held_out=*/0, /*held_out_seed=*/0,
              config_->scaling());
  return absl::OkStatus();
}

absl::Status CifarDataset::Read(Split split, int64_t index, Sample& sample) const {
  images_.Read(split, index, sample);
  return absl::OkStatus();
}

std::optional<PicturePreparation> CifarDataset::preparation() const {
  return images_.preparation(type(), config_->scaling());
}

absl::Status CifarDataset::PrepareAs(const PicturePreparation& preparation) {
  return images_.PrepareAs(config_->scaling(), preparation);
}

PRETEXT_REGISTER_DATASET(CifarDataset, Cifar);

}  // namespace pretext
