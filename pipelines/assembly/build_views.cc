#include "pipelines/assembly/build_views.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/loader/loader.h"
#include "pipelines/assembly/sections.h"

namespace pretext {
namespace {

class ViewsBuilder {
 public:
  ViewsBuilder(PartMaker& maker, SourceMap& map, BuildContext& context, Assembled& parts)
      : maker_(maker), map_(map), context_(context), parts_(parts) {}

  void Build(const Pipeline::Views& views) {
    context_.views = std::min(std::max(views.count(), 1), kMaxViews);
    std::vector<const Augmentation*> common;
    BuildChain(views.augmentation(), "views", &common);
    const FlowType after_common = context_.input;
    if (views.group().empty()) {
      BuildGroup({.views = context_.views}, common, views.view(), "views");
    }
    int64_t first = 0;
    for (int g = 0; g < views.group_size() && first < context_.views; ++g) {
      const Pipeline::Group& group = views.group(g);
      const std::string path = absl::StrCat("views.group[", g, "]");
      const int64_t count =
          std::clamp<int64_t>(group.count(), 1, std::max<int64_t>(1, context_.views - first));
      context_.input = after_common;
      std::vector<const Augmentation*> chain = common;
      BuildChain(group.augmentation(), path, &chain);
      BuildGroup({.name = group.name(), .first = first, .views = count, .student = group.student()},
                 chain, group.view(), path);
      first += count;
    }
    context_.input = parts_.groups.front().type;
    context_.view = context_.input;
    parts_.view = context_.input;
    for (const auto& chain : parts_.chains) {
      if (TakesSource(chain) && parts_.dataset != nullptr) parts_.dataset->ExpectCrops();
    }
  }

 private:
  // Appends to `chain`; context_.input goes along.
  template <class Augmentations>
  void BuildChain(const Augmentations& anys, const std::string& path,
                  std::vector<const Augmentation*>* chain) {
    // Each has a stream of random numbers of its own (MakeView).
    if (static_cast<int64_t>(chain->size()) + anys.size() > kMaxAugmentations) {
      map_.AddFaults(path, absl::InvalidArgumentError(absl::StrCat(
                               "makes a chain of ", chain->size() + anys.size(), " augmentations; ",
                               kMaxAugmentations, " are the most")));
      return;
    }
    for (int i = 0; i < anys.size(); ++i) {
      const std::string element = absl::StrCat(path, ".augmentation[", i, "]");
      std::unique_ptr<Augmentation>& made = parts_.augmentations.emplace_back();
      maker_.Make(made, anys[i], element, context_);
      context_.input = maker_.Output(made.get(), element, context_);
      chain->push_back(made.get());
    }
    if (map_.HasDoubt(path)) context_.input = FlowType();
  }

  // The views of a group, whose chains begin with `common`; context_.input is what comes out of it.
  void BuildGroup(ViewGroup group, const std::vector<const Augmentation*>& common,
                  const google::protobuf::RepeatedPtrField<Pipeline::View>& views,
                  const std::string& path) {
    const FlowType after_common = context_.input;
    const auto first_chain = static_cast<int64_t>(parts_.chains.size());
    parts_.chains.resize(static_cast<size_t>(first_chain + group.views), common);
    FlowType first = after_common;
    for (int v = 0; v < std::min<int>(views.size(), kMaxViews); ++v) {
      context_.input = after_common;
      const std::string view_path = absl::StrCat(path, ".view[", v, "]");
      std::vector<const Augmentation*> own = common;
      BuildChain(views[v].augmentation(), view_path, &own);
      if (v < group.views) parts_.chains[static_cast<size_t>(first_chain + v)] = std::move(own);
      if (v == 0) first = context_.input;
      if (!PartMaker::Known(context_.input) || !PartMaker::Known(first)) {
        first = FlowType();
      } else if (context_.input == first) {
        first = first.WithValuesOf(context_.input);
      } else {
        map_.AddFaults(view_path, absl::InvalidArgumentError(absl::StrCat(
                                      "ends in ", context_.input.ToString(), ", but view[0] in ",
                                      first.ToString(), "; all views must end alike")));
      }
    }
    group.type = first;
    parts_.groups.push_back(std::move(group));
  }

  PartMaker& maker_;
  SourceMap& map_;
  BuildContext& context_;
  Assembled& parts_;
};

}  // namespace

void BuildViews(const Pipeline::Views& views, PartMaker& maker, SourceMap& map,
                BuildContext& context, Assembled& parts) {
  ViewsBuilder(maker, map, context, parts).Build(views);
}

}  // namespace pretext
