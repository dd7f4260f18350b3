// Times two views of JPEGs on their way from files to a batch, as the peers' `methods.py loader`
// does: 256 pictures of 500×375, SimCLR's augmentations at 224 pixels, batches of 32, all cores.
// Prints one line of JSON a case.
//
//   bazel run //bench/pictures
#include <google/protobuf/text_format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/measure/measure.h"
#include "bench/pictures/generated_jpegs.h"
#include "core/loader/loader.h"
#include "core/plugin/registry.h"
#include "google/protobuf/any.pb.h"

namespace pretext {
namespace {

constexpr int64_t kPictures = 256;

template <typename Part>
std::unique_ptr<Part> Build(const std::string& text, const BuildContext& context) {
  google::protobuf::Any config;
  if (!google::protobuf::TextFormat::ParseFromString("[type.googleapis.com/pretext." + text,
                                                     &config)) {
    std::abort();
  }
  auto part = Registry<Part>::Create(config, context);
  if (!part.ok()) {
    std::fprintf(stderr, "%s\n", std::string(part.status().message()).c_str());
    std::exit(1);
  }
  return *std::move(part);
}

void Run(const std::string& folder, const std::string& storage, int size) {
  const auto dataset = Build<Dataset>(
      absl::StrCat("ImageFolder] { directory: \"", folder, "\" height: ", size, " width: ", size,
                   " storage: ", storage, " cache_directory: \"", folder, "/../cache\" }"),
      {});
  dataset->ExpectCrops();
  if (const absl::Status loaded = dataset->Load(); !loaded.ok()) {
    std::fprintf(stderr, "%s\n", std::string(loaded.message()).c_str());
    std::exit(1);
  }
  std::vector<std::unique_ptr<Augmentation>> parts;
  std::vector<const Augmentation*> chain;
  BuildContext context{.input = dataset->type()};
  for (const std::string& text :
       {std::string("RandomResizedCrop] {}"), std::string("HorizontalFlip] {}"),
        std::string("ColorJitter] { probability: 0.8 brightness: 0.8 contrast: 0.8 saturation: 0.8 "
                    "hue: 0.2 }"),
        std::string("RandomGrayscale] { probability: 0.2 }"),
        absl::StrCat("GaussianBlur] { kernel_size: ", size / 10 / 2 * 2 + 1, " }")}) {
    parts.push_back(Build<Augmentation>(text, context));
    context.input = parts.back()->output();
    chain.push_back(parts.back().get());
  }
  Loader loader(*dataset, {.batch_size = 32, .shuffle = true, .seed = 1, .views = {chain, chain}});
  Batch batch;
  Measure({.name = "picture loader, 2 views",
           .variant = absl::StrCat("500x375 -> ", size, " ", storage),
           .items = kPictures,
           .warmup = 1,
           .repeats = 5},
          [&] {
            for (int64_t i = 0; i < kPictures / 32; ++i) {
              if (!loader.Next(batch).ok()) std::abort();
            }
          });
}

}  // namespace
}  // namespace pretext

int main() {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / absl::StrCat("pretext-bench-", getpid());
  const std::string pictures = (folder / "pictures").string();
  const absl::Status status = pretext::WriteGeneratedJpegs(pictures, 256, 256);
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
    return 1;
  }
  pretext::Run(pictures, "DECODE", 224);
  pretext::Run(pictures, "DECODE", 64);
  pretext::Run(pictures, "MEMORY", 224);
  pretext::Run(pictures, "MEMORY", 64);
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  return 0;
}
