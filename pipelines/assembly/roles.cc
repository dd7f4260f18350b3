#include "pipelines/assembly/roles.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/text/nearest.h"
#include "core/plugin/field_checker.h"
#include "core/plugin/ramp_field.h"
#include "pipelines/assembly/model_flow.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/text/text_tree.h"

namespace pretext {
namespace {

constexpr double kMomentum = 0.99;

using Names = google::protobuf::RepeatedPtrField<std::string>;

bool Holds(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> NamesOfGroups(const Pipeline& config) {
  std::vector<std::string> names;
  for (const Pipeline::Group& group : config.views().group()) names.push_back(group.name());
  return names;
}

// Each must be a group's.
void CheckNames(const Pipeline& config, const Names& names, const std::string& field,
                FieldChecker& check) {
  const std::vector<std::string> known = NamesOfGroups(config);
  for (int i = 0; i < names.size(); ++i) {
    check.That(std::find(known.begin(), known.end(), names[i]) != known.end(),
               absl::StrCat(field, "[", i, "]"),
               absl::StrCat("names no group of views: ", Quoted(names[i]),
                            NearestAndKnown(names[i], known, "There are")));
  }
}

// The sections as they are written.
void CheckGroupFields(const Pipeline& config, FieldChecker& check) {
  const Pipeline::Views& views = config.views();
  std::vector<std::string> seen;
  int64_t sum = 0;
  for (int g = 0; g < views.group_size(); ++g) {
    const Pipeline::Group& group = views.group(g);
    const std::string path = absl::StrCat("views.group[", g, "]");
    const bool named = check.NotEmpty(path + ".name", group.name());
    check.That(!named || std::find(seen.begin(), seen.end(), group.name()) == seen.end(),
               path + ".name", absl::StrCat(Quoted(group.name()), " is the name of two groups"));
    seen.push_back(group.name());
    check.Count(path + ".count", group.count());
    check.That(group.view().empty() || group.view_size() == group.count(), path + ".view",
               absl::StrCat("must be given once for each of the ", group.count(),
                            " views of the group or not at all; it is given ", group.view_size(),
                            " times"));
    check.That(group.student() || g > 0, path + ".student",
               "must be true of the first group, which evaluation takes samples through");
    check.That(group.student() || config.has_teacher(), path + ".student",
               "leaves the group to a teacher, and there is none");
    sum += group.count();
  }
  CheckNames(config, views.target(), "views.target", check);
  check.That(views.target().empty() || !config.has_teacher(), "views.target",
             "stands beside a teacher, which says itself which views it sees: teacher { views }");
  for (const Pipeline::Group& group : views.group()) {
    check.That(group.student() || !Holds(views.target(), group.name()), "views.target",
               absl::StrCat("names ", Quoted(group.name()), ", which no encoder sees"));
  }
  check.That(views.group().empty() || views.view().empty(), "views.view",
             "stands beside groups; write the views inside of their group");
  check.That(
      views.group().empty() || views.count() == sum, "views.count",
      absl::StrCat("is ", views.count(), ", and the groups have ", sum, " views; leave it out"));
}

}  // namespace

absl::Status CheckGroups(const Pipeline& config, const Assembled& parts) {
  FieldChecker check;
  CheckGroupFields(config, check);
  if (parts.groups.size() < 2) return check.status();
  const FlowType& first = parts.groups.front().type;
  check.That(!first.is(FlowType::Kind::kTokens), "views.group[1]",
             "cuts the views of texts into groups; they are of one length: set views { count }");
  for (size_t g = 1; g < parts.groups.size(); ++g) {
    const FlowType& type = parts.groups[g].type;
    if (type.is(FlowType::Kind::kNothing) || parts.encoder == nullptr || type == first) continue;
    const absl::Status accepted = parts.encoder->Accepts(type);
    check.That(accepted.ok(), absl::StrCat("views.group[", g, "]"),
               absl::StrCat("ends in ", type.ToString(), ", and the encoder, made for ",
                            first.ToString(), ", ", accepted.message()));
  }
  return check.status();
}

absl::Status CheckTeacher(const Pipeline& config) {
  const Teacher& teacher = config.teacher();
  FieldChecker check;
  CheckRamp("momentum", teacher.momentum(), 0, 1, check);
  CheckNames(config, teacher.views(), "views", check);
  for (int g = 0; g < config.views().group_size(); ++g) {
    const Pipeline::Group& group = config.views().group(g);
    check.That(group.student() || IsTarget(config, {.name = group.name(), .student = false}),
               "views",
               absl::StrCat("leaves out the group ", Quoted(group.name()),
                            ", which the trained encoder does not see either"));
  }
  return check.status();
}

bool IsTarget(const Pipeline& config, const ViewGroup& group) {
  const auto& names = config.has_teacher() ? config.teacher().views() : config.views().target();
  return names.empty() ? config.has_teacher() || group.student : Holds(names, group.name);
}

absl::StatusOr<std::unique_ptr<MomentumTeacher>> BuildTeacher(const Pipeline& config,
                                                              const BuildContext& context) {
  BuildContext at = context;
  PartsAgain maker;
  std::unique_ptr<Encoder> encoder;
  std::unique_ptr<Head> head;
  MakeEncoderAndHead(config, maker, at, encoder, head);
  if (!maker.status().ok()) return maker.status();
  const Teacher& teacher = config.teacher();
  return std::make_unique<MomentumTeacher>(
      std::move(encoder), std::move(head),
      TeacherOptions{.momentum = ToSchedule(teacher.momentum(), kMomentum),
                     .before_forward = teacher.update() == Teacher::BEFORE_FORWARD,
                     .buffers_follow = teacher.buffers() == Teacher::FOLLOW,
                     .dropout = teacher.dropout(),
                     .kept = teacher.kept()});
}

void DescribeViews(const Model& model, BuildContext& context) {
  context.named_groups = std::any_of(model.groups.begin(), model.groups.end(),
                                     [](const ViewGroup& group) { return !group.name.empty(); });
  if (model.groups.size() < 2) return;
  context.value_views = ViewsOf(model.groups, &ViewGroup::student);
  context.target_views = ViewsOf(model.groups, &ViewGroup::target);
  context.views = static_cast<int64_t>(context.value_views.size());
}

}  // namespace pretext
