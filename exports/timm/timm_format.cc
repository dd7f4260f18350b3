// timm: config.json and model.safetensors, as create_model("local-dir:DIR", pretrained=True) reads
// them (timm/models/_factory.py, _hub.py).
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "exports/write/export_format.h"

namespace pretext {
namespace {

absl::Status Write(const ExportRequest& request, const ForeignModel& model,
                   const std::string& folder) {
  const FlowType& input = request.encoder.input;
  // Its pooling is among its arguments, and its size is fixed.
  const bool vit = absl::StartsWith(model.architecture, "vit_");
  std::vector<std::pair<std::string, std::string>> config = {
      {"architecture", absl::StrCat("\"", model.architecture, "\"")}, {"num_classes", "0"}};
  if (!vit) config.emplace_back("global_pool", "\"avg\"");
  config.insert(config.end(), model.config.begin(), model.config.end());
  std::string scale;
  if (request.scale) {
    scale = absl::StrCat(", \"mean\": ", JsonNumbers(request.scale->mean),
                         ", \"std\": ", JsonNumbers(request.scale->deviation));
  }
  config.push_back(
      {"pretrained_cfg",
       absl::StrCat("{\"input_size\": [", input.channels, ", ", input.height, ", ", input.width,
                    "], \"fixed_input_size\": ", vit ? "true" : "false", scale,
                    ", \"interpolation\": \"bilinear\", \"crop_pct\": 1.0, \"crop_mode\": "
                    "\"center\", \"num_classes\": 0, \"pool_size\": null, \"first_conv\": \"",
                    vit ? "patch_embed.proj" : "conv1", "\", \"classifier\": \"",
                    vit ? "head" : "fc", "\"}")});
  const absl::Status status = WriteForeignModel(folder, model);
  return status.ok() ? WriteExportFile(folder, "config.json", JsonLines(config)) : status;
}

std::string HowToLoad(const ExportRequest&, const ForeignModel&) {
  return "import timm\n\n"
         "model = timm.create_model(\"local-dir:DIR\", pretrained=True, num_classes=0).eval()\n"
         "transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model), "
         "is_training=False)\n"
         "features = model(transform(picture).unsqueeze(0))\n";
}

}  // namespace

const ExportFormat kTimmFormat = {.name = "timm",
                                  .library = "timm",
                                  .weights = kForeignWeights,
                                  .write = Write,
                                  .read = nullptr,
                                  .loader = HowToLoad};

}  // namespace pretext
