#include "pipelines/selfcheck/selfcheck.h"

namespace pretext {

std::vector<SelfCheck> SelfChecks(const std::string& folder) {
  return {{"gradients", CheckPluginGradients},
          {"threads", CheckThreads},
          {"nt_xent", CheckTiledNtXent},
          {"masking", CheckMaskingRates},
          {"products", CheckProducts},
          {"convolutions", CheckConvolutions},
          {"files", [folder] { return CheckFiles(folder); }}};
}

}  // namespace pretext
