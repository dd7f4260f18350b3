// What the tests of losses with a temperature share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/plugin/loss.h"

namespace pretext {

using CreateAtTemperature =
    std::function<absl::StatusOr<std::unique_ptr<Loss>>(const BuildContext&, float temperature)>;

template <class Plugin, class Config>
CreateAtTemperature Creator() {
  return [](const BuildContext& context, float temperature) {
    Config config;
    config.set_temperature(temperature);
    return Plugin::Create(config, context);
  };
}

// Agrees with every case of the golden file, at its temperature and at no other.
void ExpectAgreesWithGoldens(const std::string& path, const BuildContext& context,
                             const CreateAtTemperature& create);

// A temperature that is no positive number, and a prediction that is no vector, are named.
void ExpectNamesTemperatureAndShape(const BuildContext& context, const CreateAtTemperature& create);

// The message of what is wrong, or nothing.
std::string FaultOf(const CreateAtTemperature& create, const BuildContext& context);

}  // namespace pretext
