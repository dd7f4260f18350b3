// Where the pictures of a config are.
#pragma once

#include <string>
#include <vector>

#include "core/plugin/plugin.h"
#include "datasets/image_folder/class_folders.h"

namespace pretext {

class ImageFolder;  // the config message

struct PictureFolders {
  std::string train, test;           // test empty: none
  std::vector<std::string> classes;  // names, by label; empty: no labels
  Parts parts;                       // the folders that were taken for train and test
};

// Looks at the folders, not at the pictures, and adds a fault for whatever is wrong with them: they
// cannot be listed, are empty, or do not have the same classes.
PictureFolders FindPictureFolders(const ImageFolder& config, const BuildContext& context,
                                  FieldChecker& check);

}  // namespace pretext
