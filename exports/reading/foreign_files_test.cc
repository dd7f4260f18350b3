#include "exports/reading/foreign_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file/file_writer.h"
#include "base/file/testing.h"
#include "core/tensor/safetensors.h"

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kConfig[] = R"({
  "size": 12, "half": 0.5, "below": -1, "huge": 1e30, "text": "bert", "truth": true, "none": null,
  "sizes": [2, 3], "texts": ["a", "b"], "mixed": [2, "b"], "huge_sizes": [2, 1e30],
  "halves": [0.5], "empty": []
})";

class ForeignFilesTest : public testing::Test {
 protected:
  ForeignFilesTest() {
    Tensor weight = Tensor::Zeros({2, 3});
    weight.data()[4] = 5;
    EXPECT_TRUE(WriteTensors(folder_ / "model.safetensors",
                             {.tensors = {{"weight", weight}}, .metadata = {{"format", "pt"}}})
                    .ok());
    EXPECT_TRUE(WriteFileAtomically(folder_ / "config.json", kConfig).ok());
  }

  ForeignFiles Open() {
    absl::StatusOr<ForeignFiles> files = ForeignFiles::Open(folder_.path());
    EXPECT_TRUE(files.ok()) << files.status();
    return *std::move(files);
  }

  // What use(files) finds wrong.
  template <class Use>
  std::string Failure(const Use& use) {
    ForeignFiles files = Open();
    use(files);
    EXPECT_EQ(files.failure().code(), absl::StatusCode::kDataLoss);
    return std::string(files.failure().message());
  }

  const TestFolder folder_;
};

TEST_F(ForeignFilesTest, GivesWhatIsThere) {
  ForeignFiles files = Open();
  EXPECT_EQ(files.Whole("size"), 12);
  EXPECT_EQ(files.Number("half"), 0.5);
  EXPECT_EQ(files.Text("text"), "bert");
  EXPECT_TRUE(files.Truth("truth"));
  EXPECT_THAT(files.Wholes("sizes"), ElementsAre(2, 3));
  EXPECT_THAT(files.Texts("texts"), ElementsAre("a", "b"));
  EXPECT_THAT(files.Wholes("empty"), IsEmpty());
  EXPECT_EQ(files.ShapeOf("weight"), (Shape{2, 3}));
  EXPECT_EQ(files.ShapeOf("bias").rank(), 0);
  EXPECT_THAT(std::string(files.status().message()), HasSubstr("has weight, which the model has"));
  EXPECT_EQ(files.Take("weight", {2, 3}).data()[4], 5);
  EXPECT_TRUE(files.status().ok()) << files.status();
}

TEST_F(ForeignFilesTest, AMemberOfAnotherKindBecomesTheStatus) {
  using F = ForeignFiles&;
  EXPECT_THAT(Failure([](F f) { EXPECT_EQ(f.Whole("other"), 0); }), HasSubstr("has no other"));
  EXPECT_THAT(Failure([](F f) { EXPECT_EQ(f.Number("text"), 0); }), HasSubstr("text is no number"));
  EXPECT_THAT(Failure([](F f) { EXPECT_EQ(f.Whole("sizes"), 0); }),
              HasSubstr("sizes is no number"));
  for (const char* name : {"half", "below", "huge"}) {
    EXPECT_THAT(Failure([&](F f) { EXPECT_EQ(f.Whole(name), 0); }), HasSubstr("is no size"))
        << name;
  }
  EXPECT_THAT(Failure([](F f) { EXPECT_EQ(f.Text("size"), ""); }), HasSubstr("size is no text"));
  for (const char* name : {"text", "none"}) {
    EXPECT_THAT(Failure([&](F f) { EXPECT_FALSE(f.Truth(name)); }),
                HasSubstr("is neither true nor false"));
  }
  EXPECT_THAT(Failure([](F f) { EXPECT_THAT(f.Wholes("size"), IsEmpty()); }),
              HasSubstr("size is no list"));
  for (const char* name : {"mixed", "huge_sizes", "halves"}) {
    EXPECT_THAT(Failure([&](F f) { EXPECT_THAT(f.Wholes(name), IsEmpty()); }),
                HasSubstr("is no size"));
  }
  EXPECT_THAT(Failure([](F f) { EXPECT_THAT(f.Texts("text"), IsEmpty()); }),
              HasSubstr("text is no list"));
  EXPECT_THAT(Failure([](F f) { EXPECT_THAT(f.Texts("mixed"), IsEmpty()); }),
              HasSubstr("an element of mixed is no text"));
}

TEST_F(ForeignFilesTest, TheFirstFaultStaysAndTensorsAreZeros) {
  ForeignFiles files = Open();
  const Tensor bias = files.Take("bias", {3}), weight = files.Take("weight", {3, 2});
  EXPECT_THAT(std::string(files.failure().message()), HasSubstr("has no bias"));
  EXPECT_EQ(bias.shape(), (Shape{3}));
  EXPECT_EQ(weight.shape(), (Shape{3, 2}));
  EXPECT_EQ(weight.data()[4], 0);
  EXPECT_THAT(Failure([](ForeignFiles& f) {
                f.Take("weight", {3, 2});
              }),
              HasSubstr("weight is 2×3, should be 3×2"));
}

}  // namespace
}  // namespace pretext
