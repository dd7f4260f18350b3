// Where two pipelines differ, field by field, inside of their parts' configs too.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace pretext {

class Pipeline;

// What stands for a field that is not given.
inline constexpr char kNothingGiven[] = "nothing";

struct ConfigDifference {
  std::string path;           // "train.batch_size", "encoder.hidden[1]"; of another type: "encoder"
  std::string before, after;  // as text; kNothingGiven where it is not
};

// Every field that is given, by its path, those of the parts' configs too, as text; of a part its
// type.
std::map<std::string, std::string> FieldsOf(const Pipeline& config);

// Of pipelines with their defaults filled in (FillDefaults), in the order of the fields.
std::vector<ConfigDifference> CompareConfigs(const Pipeline& before, const Pipeline& after);

}  // namespace pretext
