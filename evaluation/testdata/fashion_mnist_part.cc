#include "evaluation/testdata/fashion_mnist_part.h"

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "datasets/idx_images/idx.h"

namespace pretext {
namespace {

Features Load(const std::string& name, int64_t count) {
  const std::string prefix = "external/fashion_mnist/" + name;
  const auto images = ReadIdxImages(prefix + "-images-idx3-ubyte.gz");
  const auto labels =
      ReadIdxLabels(prefix + "-labels-idx1-ubyte.gz", images.value().count, "images");
  Features features{.count = count, .width = images->height * images->width};
  features.values.assign(images->pixels.begin(), images->pixels.begin() + count * features.width);
  for (float& value : features.values) value /= 255;
  features.labels.assign(labels.value().begin(), labels->begin() + count);
  return features;
}

}  // namespace

FashionMnistPart LoadFashionMnistPart() {
  return {.train = Load("train", 8000), .test = Load("t10k", 2000)};
}

double Golden(const std::string& name) {
  std::ifstream file("evaluation/testdata/golden.txt");
  std::string key;
  for (double value; file >> key >> value;) {
    if (key == name) return value;
  }
  std::cerr << "golden.txt has no " << name << "\n";
  std::exit(1);
}

}  // namespace pretext
