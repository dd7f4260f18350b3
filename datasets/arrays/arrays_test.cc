#include "datasets/arrays/arrays.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/file/file_writer.h"
#include "base/file/testing.h"
#include "core/tensor/safetensors.h"
#include "core/tensor/tensor.h"
#include "datasets/arrays/arrays.pb.h"

// arrays_testdata.py wrote testdata: row n of the table is n, n²/4, 3 - 1.5 n, 7, its label n mod
// 3; number i of the images is 7 i mod 256.

namespace pretext {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kData = "datasets/arrays/testdata/";

std::unique_ptr<Dataset> Loaded(const Arrays& config) {
  auto dataset = ArraysDataset::Create(config, BuildContext());
  EXPECT_TRUE(dataset.ok()) << dataset.status();
  if (!dataset.ok()) return nullptr;
  const absl::Status loaded = (*dataset)->Load();
  EXPECT_TRUE(loaded.ok()) << loaded;
  return *std::move(dataset);
}

Arrays Of(const std::string& samples, const std::string& labels = "") {
  Arrays config;
  config.set_samples(kData + samples);
  if (!labels.empty()) config.set_labels(kData + labels);
  return config;
}

Sample Row(const Dataset& dataset, Split split, int64_t index) {
  Sample sample;
  EXPECT_TRUE(dataset.Read(split, index, sample).ok());
  return sample;
}

std::string Fault(const Arrays& config) {
  auto dataset = ArraysDataset::Create(config, BuildContext());
  if (!dataset.ok()) return std::string(dataset.status().message());
  return std::string((*dataset)->Load().message());
}

TEST(Arrays, ATableOfAnyTypeIsVectors) {
  for (const char* const file : {"table_float64.npy", "table_float16.npy"}) {
    const auto dataset = Loaded(Of(file, "labels.npy"));
    EXPECT_EQ(dataset->type(), FlowType::Vector(4));
    ASSERT_EQ(dataset->size(Split::kTrain), 12);
    EXPECT_EQ(dataset->size(Split::kTest), 0);
    EXPECT_EQ(dataset->classes(), 3);
    for (int n = 0; n < 12; ++n) {
      const Sample sample = Row(*dataset, Split::kTrain, n);
      EXPECT_THAT(sample.values, ElementsAre(n, n * n / 4.0f, 3 - 1.5f * n, 7));
      EXPECT_EQ(sample.label, n % 3);
    }
  }
}

TEST(Arrays, TensorsAreFoundByKindOrByName) {
  Arrays config = Of("all.safetensors", "all.safetensors");
  EXPECT_THAT(Fault(config),
              AllOf(HasSubstr("samples: "), HasSubstr("several tensors that could be samples"),
                    HasSubstr("features (12×4 of F32)"), HasSubstr("name the one")));
  config.set_tensor("features");
  const auto dataset = Loaded(config);  // the labels are called "labels"
  EXPECT_EQ(Row(*dataset, Split::kTrain, 5).label, 2);
  EXPECT_EQ(Row(*dataset, Split::kTrain, 2).values[1], 1);
  config.set_tensor("feature");
  EXPECT_THAT(Fault(config), HasSubstr("has no tensor \"feature\"; did you mean features?"));
  config.set_tensor("names");
  EXPECT_THAT(Fault(config), HasSubstr("is 3 of F32; it has to be samples, [N, D] or"));
  config.set_tensor("features");
  config.set_labels_tensor("features");
  EXPECT_THAT(Fault(config), HasSubstr("labels: "));
}

TEST(Arrays, BytesAreImagesFromZeroToOne) {
  const auto bytes = Loaded(Of("images.npy"));
  EXPECT_EQ(bytes->type(), FlowType::Image(3, 2, 4));
  EXPECT_EQ(bytes->type().range, kUnitRange);
  Arrays floats = Of("all.safetensors");
  floats.set_tensor("images");
  const auto same = Loaded(floats);
  for (int n = 0; n < 5; ++n) {
    const Sample sample = Row(*bytes, Split::kTrain, n), other = Row(*same, Split::kTrain, n);
    for (int i = 0; i < 24; ++i) {
      EXPECT_NEAR(sample.values[i], (n * 24 + i) * 7 % 256 / 255.0, 1e-7);
      EXPECT_NEAR(other.values[i], sample.values[i], 1e-7);
    }
  }
  Arrays raw = Of("images.npy");
  raw.set_scaling(Arrays::AS_THEY_ARE);
  EXPECT_THAT(Fault(raw), AllOf(HasSubstr("images.npy: row 0 has 7 at number 1, outside of [0, 1]"),
                                HasSubstr("by low and high")));
  raw.set_low(0);
  raw.set_high(255);
  EXPECT_EQ(Row(*Loaded(raw), Split::kTrain, 0).values[2], 14);
}

// By definition, over the training rows alone; what is constant is only centered.
TEST(Arrays, StandardizesByTheTrainingSplit) {
  Arrays config = Of("table_float64.npy", "labels.npy");
  config.set_scaling(Arrays::STANDARDIZE);
  config.set_held_out(0.25);
  const auto dataset = Loaded(config), plain = [&] {
    config.set_scaling(Arrays::AS_THEY_ARE);
    return Loaded(config);
  }();
  ASSERT_EQ(dataset->size(Split::kTrain), 9);
  ASSERT_EQ(dataset->size(Split::kTest), 3);
  std::set<float> seen;
  for (int c = 0; c < 4; ++c) {
    double mean = 0, square = 0;
    for (int i = 0; i < 9; ++i) mean += Row(*plain, Split::kTrain, i).values[c] / 9;
    for (int i = 0; i < 9; ++i)
      square += std::pow(Row(*plain, Split::kTrain, i).values[c] - mean, 2) / 9;
    const double deviation = c == 3 ? 1 : std::sqrt(square);  // the last is constant
    for (const Split split : {Split::kTrain, Split::kTest}) {
      for (int i = 0; i < plain->size(split); ++i) {
        const float number = Row(*plain, split, i).values[c];
        if (c == 0) seen.insert(number);
        EXPECT_NEAR(Row(*dataset, split, i).values[c], (number - mean) / deviation, 1e-5);
      }
    }
  }
  EXPECT_EQ(seen.size(), 12u) << "each row is in one split";
}

// Numbers that float32 cannot tell apart are centered before they are rounded.
TEST(Arrays, StandardizesInDouble) {
  const TestFolder folder;
  std::string data, header = "{'descr': '<f8', 'fortran_order': False, 'shape': (100, 2), }";
  for (int i = 0; i < 100; ++i) {
    for (const double number : {1.7e9 + i, 1e-42 * i})
      data.append(reinterpret_cast<const char*>(&number), sizeof(number));
  }
  header.resize(128 - 11, ' ');
  header += '\n';
  const std::string file = absl::StrCat(std::string("\x93NUMPY\1\0\x76\0", 10), header, data);
  ASSERT_TRUE(WriteFileAtomically(folder / "times.npy", file).ok());
  Arrays config;
  config.set_samples(folder / "times.npy");
  config.set_scaling(Arrays::STANDARDIZE);
  const auto dataset = Loaded(config);
  ASSERT_NE(dataset, nullptr);
  // Of 0 to n - 1 the mean is (n - 1) / 2, the variance (n² - 1) / 12.
  const double deviation = std::sqrt((100.0 * 100 - 1) / 12);
  for (int i = 0; i < 100; ++i) {
    for (const float value : Row(*dataset, Split::kTrain, i).values)
      EXPECT_NEAR(value, (i - 49.5) / deviation, 1e-6);
  }
}

// Of an encoder that was trained on other data.
TEST(Arrays, PreparesAsTheTrainingDid) {
  using Kind = ArrayPreparation::Kind;
  Arrays config = Of("table_float64.npy");
  config.set_scaling(Arrays::STANDARDIZE);
  auto dataset = ArraysDataset::Create(config, BuildContext());
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT(std::string((*dataset)->PrepareAs({.kind = Kind::kAsTheyAre}).message()),
              HasSubstr("scaling: STANDARDIZE is not what the encoder was trained on"));
  const ArrayPreparation given = {
      .kind = Kind::kStandardized, .center = {1, 2, 3, 4}, .factor = {2, 2, 2, 2}};
  ASSERT_TRUE((*dataset)->PrepareAs(given).ok());
  ASSERT_TRUE((*dataset)->Load().ok());
  EXPECT_THAT(Row(**dataset, Split::kTrain, 2).values, ElementsAre(2, -2, -6, 6));

  config.set_scaling(Arrays::BYTES);
  dataset = ArraysDataset::Create(config, BuildContext());
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT(std::string((*dataset)->PrepareAs(given).message()),
              HasSubstr("the encoder was trained on standardized samples"));
  EXPECT_THAT(std::string((*dataset)->PrepareAs({.kind = Kind::kByType}).message()),
              AllOf(HasSubstr("scaling: BYTES takes "), HasSubstr("over 255, and the encoder")));
  EXPECT_TRUE((*dataset)->PrepareAs({.kind = Kind::kBytes}).ok());
}

TEST(Arrays, HoldsOutOfEachClassItsShare) {
  const auto count = [](const Dataset& dataset, Split split) {
    std::map<int32_t, int> classes;
    for (int i = 0; i < dataset.size(split); ++i) ++classes[Row(dataset, split, i).label];
    return classes;
  };
  Arrays config = Of("table_float64.npy", "labels.npy");
  const std::map<int32_t, int> all = count(*Loaded(config), Split::kTrain);
  config.set_held_out(0.5);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    config.set_held_out_seed(seed);
    const auto dataset = Loaded(config);
    std::map<int32_t, int> held_out = count(*dataset, Split::kTest);
    for (const auto& [label, size] : all)
      EXPECT_LE(std::abs(2 * held_out[label] - size), 1) << label << " seed " << seed;
  }
}

class Files : public testing::Test {
 protected:
  std::string Write(const std::string& name, const Tensor& tensor) {
    TensorFile file;
    file.tensors.push_back({"t", tensor});
    EXPECT_TRUE(WriteTensors(folder_ / name, file).ok());
    return folder_ / name;
  }
  const TestFolder folder_;
};

TEST_F(Files, NumbersThatAreNotFiniteAreNamedByTheirRow) {
  Tensor table = Tensor::Zeros({6, 3});
  table.data()[4 * 3 + 1] = NAN;
  Arrays config;
  config.set_samples(Write("table.safetensors", table));
  EXPECT_THAT(Fault(config), AllOf(HasSubstr("table.safetensors: row 4 has nan at number 1"),
                                   HasSubstr("finite")));
  table.data()[4 * 3 + 1] = 1;
  config.set_samples(Write("table.safetensors", table));
  EXPECT_EQ(Fault(config), "");
  Tensor labels = Tensor::Zeros({6}, DType::kInt32);
  labels.ints()[5] = -1;
  config.set_labels(Write("labels.safetensors", labels));
  EXPECT_THAT(Fault(config), HasSubstr("the label of row 5 is -1"));
  // What was given is at fault, not the file: exit status 2.
  EXPECT_EQ((*ArraysDataset::Create(config, BuildContext()))->Load().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(Files, TestSamplesHaveTheirFiles) {
  Arrays config;
  config.set_samples(Write("train.safetensors", Tensor::Full({6, 3}, 1)));
  config.set_test_samples(Write("test.safetensors", Tensor::Full({2, 3}, 2)));
  const auto dataset = Loaded(config);
  EXPECT_EQ(dataset->size(Split::kTest), 2);
  EXPECT_EQ(Row(*dataset, Split::kTest, 1).values[0], 2);
  EXPECT_EQ(dataset->extent().train, 6);
  EXPECT_EQ(dataset->extent().test, 2);
  EXPECT_THAT(dataset->Summary(), HasSubstr("6 + 2 samples, vector 3, from 6×3 of F32, no labels"));
  config.set_test_samples(Write("test.safetensors", Tensor::Full({2, 4}, 2)));
  EXPECT_THAT(Fault(config), HasSubstr("test_samples: are 2×4 of F32, the training samples 6×3"));
}

TEST_F(Files, FaultsAreNamed) {
  const auto fault = [](const auto& change) {
    Arrays config = Of("table_float64.npy", "labels.npy");
    change(config);
    return Fault(config);
  };
  EXPECT_THAT(fault([](Arrays& c) { c.clear_samples(); }), HasSubstr("samples"));
  EXPECT_THAT(fault([](Arrays& c) { c.set_samples("nowhere.npy"); }),
              AllOf(HasSubstr("samples: nowhere.npy"), HasSubstr("looked for at")));
  EXPECT_THAT(fault([](Arrays& c) { c.set_samples(kData + "labels.npy"); }),
              HasSubstr("is 12 of I64; it has to be samples"));
  EXPECT_THAT(fault([](Arrays& c) { c.set_labels(kData + "table_float64.npy"); }),
              HasSubstr("labels: "));
  EXPECT_THAT(fault([](Arrays& c) { c.set_tensor("a"); }), HasSubstr("one array without a name"));
  EXPECT_THAT(fault([](Arrays& c) { c.set_low(1); }), HasSubstr("low and high are given together"));
  EXPECT_THAT(
      fault([](Arrays& c) { c.set_low(0), c.set_high(1), c.set_scaling(Arrays::STANDARDIZE); }),
      HasSubstr("low: is not known of standardized values"));
  EXPECT_THAT(fault([](Arrays& c) { c.set_samples(kData + "images.npy"); }),
              HasSubstr("labels: are 12, and there are 5 samples in "));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a.npz", "PK\x03\x04").ok());
  EXPECT_THAT(fault([&](Arrays& c) { c.set_samples(folder_ / "a.npz"); }),
              HasSubstr("is a zip archive, such as a .npz"));
  const auto of_shape = [&](const std::string& shape, size_t numbers) {
    std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (" + shape + "), }";
    header.resize(117, ' ');
    const std::string bytes = std::string("\x93NUMPY\x01\x00v\x00", 10) + header + "\n";
    EXPECT_TRUE(WriteFileAtomically(folder_ / "s.npy", bytes + std::string(numbers, 'x')).ok());
    return fault([&](Arrays& c) { c.clear_labels(), c.set_samples(folder_ / "s.npy"); });
  };
  EXPECT_THAT(of_shape("5, 12, 12, 3", 5 * 432),
              AllOf(HasSubstr("is 5×12×12×3 of U8, which looks like [N, H, W, C]"),
                    HasSubstr("transpose(0, 3, 1, 2)")));
  EXPECT_THAT(of_shape("2, 16, 20, 3", 2 * 960), HasSubstr("[N, H, W, C]"));
  EXPECT_EQ(of_shape("5, 3, 12, 12", 5 * 432), "");
  EXPECT_EQ(of_shape("2, 64, 7, 3", 2 * 64 * 21), "");
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a.csv", "1,2,3,4,5,6,7,8\n").ok());
  EXPECT_THAT(fault([&](Arrays& c) { c.set_samples(folder_ / "a.csv"); }),
              HasSubstr("an array file is a .npy or a .safetensors"));
}

}  // namespace
}  // namespace pretext
