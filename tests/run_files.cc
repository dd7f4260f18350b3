#include "tests/run_files.h"

#include <filesystem>
#include <map>
#include <regex>

#include "tests/program.h"

namespace pretext {
namespace {

namespace fs = std::filesystem;

// Of a safetensors file what comes after its header, which holds seconds too.
std::string Data(const std::string& path) {
  const std::string contents = FileContents(path);
  uint64_t header = 0;
  for (size_t i = 8; i-- > 0 && contents.size() >= 8;) {
    header = header << 8 | static_cast<unsigned char>(contents[i]);
  }
  return contents.size() < 8 + header ? "" : contents.substr(8 + header);
}

}  // namespace

RunFiles::RunFiles(const std::string& run) {
  const fs::path folder = fs::path(ScratchFolder()) / run;
  std::map<std::string, std::string> data;  // by name: a folder lists its files in any order
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = fs::relative(entry.path(), folder).string();
    if (name.rfind("tensorboard/", 0) != 0) names.insert(name);
    if (entry.path().extension() == ".safetensors") data[name] = Data(run + "/" + name);
  }
  for (const auto& [name, bytes] : data) tensors += bytes;
  metrics = std::regex_replace(FileContents(run + "/metrics.jsonl"),
                               std::regex("\"items_per_second\":[^,}]*"), "");
}

}  // namespace pretext
