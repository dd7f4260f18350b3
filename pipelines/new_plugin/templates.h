// The files of the plugin that there is of each kind to begin from, pipelines/new_plugin/templates,
// as they are in the tree: there they are built and tested.
#pragma once

#include <string>
#include <vector>

namespace pretext {

struct TemplateFile {
  std::string kind;  // "encoder"
  std::string name;  // "sketch.h"
  std::string text;  // with a line end before it
};

const std::vector<TemplateFile>& EmbeddedTemplates();

}  // namespace pretext
