// Every operation against torchvision's result at fixed parameters (image_golden.py).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/image/blur.h"
#include "kernels/image/color.h"
#include "kernels/image/geometry.h"
#include "kernels/image/resize.h"

namespace pretext {
namespace {

using Pixels = std::vector<float>;
using Parameters = std::vector<float>;

// The input of image_golden.py's `image`.
Pixels Input(const ImageShape& shape, uint32_t levels) {
  Pixels pixels(shape.size());
  for (uint32_t i = 0; i < pixels.size(); ++i) {
    uint32_t x = (i + 1) * 2654435761u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    pixels[i] = static_cast<float>(x % levels) / static_cast<float>(levels - 1);
  }
  return pixels;
}

struct Case {
  std::string operation;
  ImageShape in, out;
  uint32_t levels = 0;
  Parameters parameters;
  Pixels expected;
};

std::vector<Case> ReadCases() {
  std::ifstream text("kernels/image/image_golden.txt"),
      binary("kernels/image/image_golden.bin", std::ios::binary);
  std::vector<Case> cases;
  for (std::string line; std::getline(text, line);) {
    std::istringstream fields(line);
    Case c;
    fields >> c.operation >> c.in.channels >> c.in.height >> c.in.width >> c.levels >>
        c.out.height >> c.out.width;
    c.out.channels = c.in.channels;
    for (float p; fields >> p;) c.parameters.push_back(p);
    c.expected.resize(c.out.size());
    binary.read(reinterpret_cast<char*>(c.expected.data()), 4 * c.out.size());
    EXPECT_TRUE(binary.good()) << line;
    cases.push_back(c);
  }
  return cases;
}

Pixels RunAffine(const Pixels& x, const Case& c, const Parameters& p, Sampling sampling) {
  Pixels out(x.size());
  Affine(x.data(), c.in, {p[1], p[2], p[3], p[4], p[5], p[6]}, sampling, p[0], out.data());
  return out;
}

Pixels Apply(const Case& c, const Parameters& p) {
  static ResizeScratch
      resize_scratch;  // One for all cases: what an earlier size left must not matter.
  static BlurScratch blur_scratch;
  Pixels x = Input(c.in, c.levels);
  const auto at = [&](int i) { return static_cast<int>(p[i]); };
  if (c.operation == "brightness") {
    AdjustBrightness(x.data(), c.in, p[0]);
  } else if (c.operation == "contrast") {
    AdjustContrast(x.data(), c.in, p[0]);
  } else if (c.operation == "saturation") {
    AdjustSaturation(x.data(), c.in, p[0]);
  } else if (c.operation == "hue") {
    AdjustHue(x.data(), c.in, p[0]);
  } else if (c.operation == "grayscale") {
    Grayscale(x.data(), c.in);
  } else if (c.operation == "solarize") {
    InvertAbove(x.data(), c.in, p[0]);
  } else if (c.operation == "normalize") {
    NormalizeChannels(x.data(), c.in, p.data(), p.data() + c.in.channels);
  } else if (c.operation == "blur") {
    BlurGaussian(x.data(), c.in, at(0), p[1], blur_scratch);
  } else if (c.operation == "flip") {
    FlipHorizontally(x.data(), c.in);
  } else if (c.operation == "erase") {
    const float value[3] = {p[4], p[4], p[4]};
    Erase(x.data(), c.in, {at(0), at(1), at(2), at(3)}, value);
  } else if (c.operation == "affine_nearest") {
    return RunAffine(x, c, p, Sampling::kNearest);
  } else if (c.operation == "affine_bilinear") {
    return RunAffine(x, c, p, Sampling::kBilinear);
  } else if (c.operation ==
             "rotate") {  // torchvision's rotate is counter-clockwise, its affine clockwise.
    return RunAffine(x, c, {0, -p[0], 0, 0, 1, 0, 0}, Sampling::kBilinear);
  } else if (c.operation == "crop_bilinear" || c.operation == "crop_bicubic") {
    Pixels out(c.out.size());
    ResizedCrop(x.data(), c.in, {at(0), at(1), at(2), at(3)}, c.out.height, c.out.width,
                c.operation == "crop_bicubic" ? Interpolation::kBicubic : Interpolation::kBilinear,
                /*clip=*/false, resize_scratch, out.data());
    return out;
  } else {
    ADD_FAILURE() << "no such operation: " << c.operation;
  }
  return x;
}

// Both sides round in float32, half an ulp (6e-8 below 1) an operation: some ten of them for
// colours; for hue, six times that (hue counts in sixths); for sums of up to 33 x 33 weights the
// order differs. A sampling place comes from a normalised grid in torchvision: W/2 times half an
// ulp, several times over, and is multiplied by the step between pixels.
float Tolerance(const std::string& operation) {
  if (operation == "hue") return 4e-6f;
  if (operation.starts_with("affine") || operation == "rotate") return 2e-5f;
  if (operation == "normalize") return 2e-6f;
  return 1e-6f;
}

float GreatestDifference(const Pixels& a, const Pixels& b) {
  float greatest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const float difference = std::abs(a[i] - b[i]);
    if (!(difference <= greatest)) greatest = difference;
  }
  return greatest;
}

TEST(ImageGolden, EqualsTorchvision) {
  std::map<std::string, float> worst;
  const std::vector<Case> cases = ReadCases();
  ASSERT_EQ(cases.size(), 127);
  for (const Case& c : cases) {
    const float difference = GreatestDifference(Apply(c, c.parameters), c.expected);
    EXPECT_TRUE(difference <= Tolerance(c.operation))
        << c.operation << " " << c.in.channels << "x" << c.in.height << "x" << c.in.width
        << " levels " << c.levels << " " << testing::PrintToString(c.parameters) << " differs by "
        << difference;
    worst[c.operation] = std::max(worst[c.operation], difference);
  }
  for (const auto& [operation, difference] : worst)
    RecordProperty(operation, std::to_string(difference));
  EXPECT_EQ(worst.size(), 15) << "every operation has cases";
}

// The comparison would notice a wrong parameter: of each operation, some case with one parameter
// changed fails.
TEST(ImageGolden, NoticesAWrongParameter) {
  std::map<std::string, bool> noticed;
  for (const Case& c : ReadCases()) {
    for (size_t i = 0; i < c.parameters.size(); ++i) {
      Parameters wrong = c.parameters;
      if (c.operation.starts_with("crop")) {
        if (i >= 2) continue;
        if (wrong[i] == 0) continue;
        wrong[i] -= 1;
      } else if (c.operation == "erase" || (c.operation == "blur" && i == 0)) {
        wrong[i] = std::max(0.0f, wrong[i] - 1);
      } else {
        wrong[i] += 0.03f;
      }
      noticed[c.operation] |=
          !(GreatestDifference(Apply(c, wrong), c.expected) <= Tolerance(c.operation));
    }
  }
  EXPECT_EQ(noticed.size(), 13);  // All that have parameters.
  for (const auto& [operation, caught] : noticed) {
    // Few pixels change at 0.03 degrees.
    EXPECT_TRUE(caught || operation == "affine_nearest") << operation;
  }
}

}  // namespace
}  // namespace pretext
