// torchvision: model.safetensors by its ResNet's names, and load.py, which makes the model: what of
// it has no argument there (one channel, the stem for small pictures, no classifier) is put in
// place after construction.
#include "absl/strings/str_cat.h"
#include "exports/write/export_format.h"

namespace pretext {
namespace {

// The body of load.py.
std::string Loader(const ForeignModel& model) {
  const std::string channels = model.Member("in_channels");
  const bool cifar = model.Member("stem") == "\"cifar\"";
  std::string text = absl::StrCat(
      "import os\n\nimport torch\nimport torchvision\nfrom safetensors.torch import load_file\n\n\n"
      "def load(folder=os.path.dirname(os.path.abspath(__file__))):\n"
      "    \"\"\"The encoder in evaluation mode: pictures [N, ",
      channels, ", H, W] to features [N, ", model.Member("num_features"),
      "].\"\"\"\n"
      "    model = torchvision.models.",
      model.architecture, "(weights=None)\n");
  if (cifar) {
    absl::StrAppend(&text,
                    "    # The stem for small pictures: 3x3, stride 1, no pooling.\n"
                    "    model.conv1 = torch.nn.Conv2d(",
                    channels,
                    ", 64, kernel_size=3, stride=1, padding=1, bias=False)\n"
                    "    model.maxpool = torch.nn.Identity()\n");
  } else if (channels != "3") {
    absl::StrAppend(&text, "    model.conv1 = torch.nn.Conv2d(", channels,
                    ", 64, kernel_size=7, stride=2, padding=3, bias=False)\n");
  }
  absl::StrAppend(&text,
                  "    model.fc = torch.nn.Identity()\n"
                  "    model.load_state_dict(load_file(os.path.join(folder, "
                  "\"model.safetensors\")), strict=True)\n"
                  "    return model.eval()\n");
  return text;
}

absl::Status Write(const ExportRequest&, const ForeignModel& model, const std::string& folder) {
  std::vector<std::pair<std::string, std::string>> config = {
      {"architecture", absl::StrCat("\"", model.architecture, "\"")}};
  config.insert(config.end(), model.config.begin(), model.config.end());
  absl::Status status = WriteForeignModel(folder, model);
  if (status.ok()) status = WriteExportFile(folder, "config.json", JsonLines(config));
  if (status.ok()) status = WriteExportFile(folder, "load.py", Loader(model));
  return status;
}

std::string HowToLoad(const ExportRequest& request, const ForeignModel&) {
  std::string text =
      "import sys, torch\nsys.path.insert(0, \"DIR\")\nfrom load import load\n\nmodel = load()\n";
  if (request.scale) {
    absl::StrAppend(&text, "mean = torch.tensor(", JsonNumbers(request.scale->mean),
                    ").view(-1, 1, 1)\nstd = torch.tensor(", JsonNumbers(request.scale->deviation),
                    ").view(-1, 1, 1)\n"
                    "features = model((pictures / 255 - mean) / std)  # pictures: bytes\n");
  }
  return text;
}

}  // namespace

const ExportFormat kTorchvisionFormat = {.name = "torchvision",
                                         .library = "torchvision",
                                         .weights = kForeignWeights,
                                         .write = Write,
                                         .read = nullptr,
                                         .loader = HowToLoad};

}  // namespace pretext
