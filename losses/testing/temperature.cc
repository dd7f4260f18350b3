#include "losses/testing/temperature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "losses/testing/golden.h"

namespace pretext {

using testing::HasSubstr;

void ExpectAgreesWithGoldens(const std::string& path, const BuildContext& context,
                             const CreateAtTemperature& create) {
  for (const GoldenLoss& golden : ReadGoldenLosses(path)) {
    const double temperature = golden.parameters[0];
    const auto loss = create(context, static_cast<float>(temperature));
    const auto wrong = create(context, static_cast<float>(temperature * 1.01));
    ASSERT_TRUE(loss.ok() && wrong.ok()) << loss.status() << wrong.status();
    // A cosine is good to a few eps · √D, a similarity to that over the temperature (see
    // kernels/nt_xent).
    const double tolerance =
        1e-6 * (std::sqrt(static_cast<double>(golden.features)) + 4) / temperature;
    EXPECT_TRUE(AgreesWithGolden(**loss, golden, tolerance));
    // The comparison sees a wrong temperature.
    EXPECT_TRUE(golden.loss == 0 || !AgreesWithGolden(**wrong, golden, tolerance));
  }
}

void ExpectNamesTemperatureAndShape(const BuildContext& context,
                                    const CreateAtTemperature& create) {
  EXPECT_EQ(FaultOf(create, context), "");
  for (float bad : {0.0f, -1.0f, NAN, INFINITY}) {
    EXPECT_THAT(std::string(create(context, bad).status().message()), HasSubstr("temperature"))
        << bad;
  }
  BuildContext image = context;
  image.input = FlowType::Image(1, 28, 28);
  EXPECT_THAT(FaultOf(create, image), HasSubstr("the head gives image 1×28×28"));
}

std::string FaultOf(const CreateAtTemperature& create, const BuildContext& context) {
  return std::string(create(context, 0.1f).status().message());
}

}  // namespace pretext
