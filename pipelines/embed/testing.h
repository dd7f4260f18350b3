// A small encoder of pictures in its folder, with the pictures and the pipeline that it is of: for
// tests of what uses one. What the pipeline names is linked by the target.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file/testing.h"
#include "base/image/image_io.h"
#include "base/random/random.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/encoder/describe.h"
#include "pipelines/encoder/encoder_folder.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

// Pictures of any size, crops of them of 8×8, standardised and normalised.
inline constexpr char kSmallPipeline[] = R"pb(
  name: "small"
  dataset {
    [type.googleapis.com/pretext.ImageFolder] {
      directory: "train"
      test_directory: "test"
      height: 12
      width: 14
      scaling { standardize: true }
    }
  }
  views {
    count: 2
    augmentation {
      [type.googleapis.com/pretext.RandomResizedCrop] { height: 8 width: 8 }
    }
    augmentation {
      [type.googleapis.com/pretext.HorizontalFlip] {}
    }
    augmentation {
      [type.googleapis.com/pretext.Normalize] { mean: 0.1 mean: 0.2 mean: 0.3 deviation: 0.5 }
    }
  }
  encoder {
    [type.googleapis.com/pretext.ConvNet] { channels: 4 channels: 8 }
  }
  head {
    [type.googleapis.com/pretext.ProjectionMlp] { hidden: 8 output: 4 }
  }
  loss {
    [type.googleapis.com/pretext.NtXent] {}
  }
  optimizer {
    [type.googleapis.com/pretext.AdamW] {}
  }
  train { epochs: 1 batch_size: 8 }
)pb";

// Colourful noise of some size.
inline void WriteNoise(const std::string& path, uint64_t seed) {
  Random random({.seed = seed});
  const int height = 9 + static_cast<int>(random.Below(12)),
            width = 9 + static_cast<int>(random.Below(12));
  std::vector<float> pixels(static_cast<size_t>(3 * height * width));
  for (float& pixel : pixels) pixel = static_cast<float>(random.Below(256)) / 255.0f;
  ASSERT_TRUE(WritePng(path, pixels.data(), {3, height, width}).ok());
}

// The folders train/ and test/, each with the classes ant and bee, and encoder/.
class SmallEncoder {
 public:
  static constexpr int kTrain = 20, kTest = 300;  // two batches, the second not full

  SmallEncoder() {
    for (const char* split : {"train", "test"}) {
      for (int i = 0; i < (split[1] == 'r' ? kTrain : kTest); ++i) {
        const std::string folder = folder_ / absl::StrCat(split, i % 2 == 0 ? "/ant" : "/bee");
        EXPECT_TRUE(MakeFolders(folder).ok());
        WriteNoise(absl::StrCat(folder, "/", i, ".png"),
                   static_cast<uint64_t>(i) + 1000 * split[1]);
      }
    }
    AssemblyOptions options;
    options.base_directory = folder_.path();
    absl::StatusOr<Assembled> parts = Assemble(LoadPipelineText("small", kSmallPipeline), options);
    EXPECT_TRUE(parts.ok()) << parts.status();
    parts_ = *std::move(parts);
    EXPECT_TRUE(parts_.dataset->Load().ok());
    parts_.encoder->parameters().Allocate("encoder", /*seed=*/3);
    const absl::StatusOr<EncoderFile> file = DescribeEncoder(parts_, "1.0", 0);
    EXPECT_TRUE(file.ok()) << file.status();
    file_ = *file;
    EXPECT_TRUE(WriteEncoderFolder(path(), *file, parts_.encoder->parameters(), nullptr).ok());
  }

  std::string operator/(const std::string& name) const { return folder_ / name; }
  std::string path() const { return folder_ / "encoder"; }
  Assembled& parts() { return parts_; }
  const EncoderFile& file() const { return file_; }

 private:
  const TestFolder folder_;
  Assembled parts_;
  EncoderFile file_;
};

}  // namespace pretext
