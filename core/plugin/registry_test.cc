#include "core/plugin/registry.h"

#include "absl/strings/str_cat.h"
#include "core/plugin/build_context.h"
#include "core/plugin/config_docs.h"
#include "core/plugin/encoder.h"
#include "core/plugin/loss.h"
#include "core/plugin/registry_test.pb.h"
#include "google/protobuf/any.pb.h"
#include "gtest/gtest.h"

namespace pretext {
namespace testing {
namespace {

class FakeLoss : public Loss {
 public:
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const NearLoss& config,
                                                      const BuildContext& context) {
    if (!(config.margin() > 0)) return absl::InvalidArgumentError("margin");
    return std::make_unique<FakeLoss>(config.margin(), context.views);
  }
  FakeLoss(float margin, int64_t views) : margin(margin), views(views) {}
  LossResult Compute(Tape&, const Prediction&, const Batch&) override { return {}; }
  const float margin;
  const int64_t views;
};

class OtherLoss : public FakeLoss {
 public:
  using FakeLoss::FakeLoss;
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const FarLoss&, const BuildContext&) {
    return std::make_unique<OtherLoss>(1.0f, 1);
  }
};

class FakeEncoder : public Encoder {
 public:
  static absl::StatusOr<std::unique_ptr<Encoder>> Create(const WideEncoder&, const BuildContext&) {
    return std::make_unique<FakeEncoder>();
  }
  FlowType output() const override { return FlowType::Vector(1); }
  Var Forward(Tape&, Var x, const Batch&, const ForwardContext&) override { return x; }
};

const int kNearLossLine = __LINE__ + 1;
PRETEXT_REGISTER_LOSS(FakeLoss, NearLoss);
PRETEXT_REGISTER_LOSS(OtherLoss, FarLoss);
PRETEXT_REGISTER_ENCODER(FakeEncoder, WideEncoder);

google::protobuf::Any Pack(const google::protobuf::Message& message) {
  google::protobuf::Any any;
  any.PackFrom(message);
  return any;
}

TEST(RegistryTest, FindsByConfigMessage) {
  const auto* entry = Registry<Loss>::Find("pretext.testing.NearLoss");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->kind, "loss");
  EXPECT_EQ(entry->ShortName(), "NearLoss");
  EXPECT_EQ(entry->Package(), "core/plugin");
  EXPECT_EQ(absl::StrCat(entry->file), "core/plugin/registry_test.cc");
  EXPECT_EQ(entry->line, kNearLossLine);
  EXPECT_EQ(entry->default_config, &NearLoss::default_instance());
  EXPECT_EQ(Registry<Loss>::Find("NearLoss"), nullptr);
  EXPECT_EQ(Registry<Encoder>::Find("pretext.testing.NearLoss"), nullptr) << "of another kind";
}

TEST(RegistryTest, ListsByName) {
  const auto losses = Registry<Loss>::Entries();
  ASSERT_EQ(losses.size(), 2);
  EXPECT_EQ(losses[0]->name, "pretext.testing.FarLoss");
  EXPECT_EQ(losses[1]->name, "pretext.testing.NearLoss");
  EXPECT_TRUE(Registry<Dataset>::Entries().empty());
  EXPECT_EQ(PluginKinds().size(), 7);
  EXPECT_EQ(FolderOfKind("loss"), "losses");
}

TEST(RegistryTest, CreatesFromAny) {
  NearLoss config;
  config.set_margin(0.75f);
  BuildContext context;
  context.views = 3;
  const auto loss = Registry<Loss>::Create(Pack(config), context);
  ASSERT_TRUE(loss.ok()) << loss.status();
  EXPECT_EQ(dynamic_cast<FakeLoss&>(**loss).margin, 0.75f);
  EXPECT_EQ(dynamic_cast<FakeLoss&>(**loss).views, 3);

  config.set_margin(-1);
  EXPECT_EQ(Registry<Loss>::Create(Pack(config), context).status().message(), "margin");
}

TEST(RegistryTest, ExplainsWhatIsNotThere) {
  EXPECT_TRUE(CheckPluginName("loss", "pretext.testing.NearLoss").ok());
  EXPECT_EQ(
      CheckPluginName("loss", "pretext.testing.NaerLoss").message(),
      "no loss is named \"pretext.testing.NaerLoss\"; did you mean "
      "[type.googleapis.com/pretext.testing.NearLoss]? Losses in this binary: "
      "pretext.testing.FarLoss, pretext.testing.NearLoss. If it exists but is not linked, add its "
      "target, by convention //losses/naer_loss, to the binary.");
  EXPECT_EQ(CheckPluginName("dataset", "a.B").message(),
            "no dataset is named \"a.B\". Datasets in this binary: (none). If it exists but is not "
            "linked, add its target, by convention //datasets/b, to the binary.");
  EXPECT_EQ(CheckPluginName("encoder", "pretext.testing.NearLoss").message(),
            "pretext.testing.NearLoss is a loss, but an encoder is needed here. Encoders in this "
            "binary: pretext.testing.WideEncoder.");
  // The right name in another package is the nearest.
  EXPECT_NE(CheckPluginName("loss", "other.FarLoss")
                .message()
                .find("did you mean [type.googleapis.com/pretext.testing.FarLoss]?"),
            absl::string_view::npos);
}

TEST(RegistryTest, RejectsBadAnys) {
  const BuildContext context;
  EXPECT_EQ(Registry<Loss>::Create(google::protobuf::Any(), context).status().message(),
            "names no loss");
  EXPECT_FALSE(Registry<Encoder>::Create(Pack(NearLoss()), context).ok());
  google::protobuf::Any any = Pack(NearLoss());
  any.set_value("\xff\xff\xff");
  EXPECT_EQ(Registry<Loss>::Create(any, context).status().message(),
            "holds bytes that are no pretext.testing.NearLoss");
  any.set_type_url("type.googleapis.com/pretext.testing.WideEncoder");
  any.clear_value();
  EXPECT_EQ(Registry<Encoder>::Create(any, context).status().message(),
            "lacks required fields: width");
}

TEST(RegistryTest, ScopedPluginDisplacesAndRestores) {
  const std::string name = "pretext.testing.NearLoss";
  const auto* before = Registry<Loss>::Find(name);
  {
    ScopedPlugin<Loss> scoped(Registry<Loss>::EntryOf<FakeLoss, NearLoss>("elsewhere.cc", 7));
    EXPECT_EQ(Registry<Loss>::Find(name)->line, 7);
    EXPECT_EQ(Registry<Loss>::Entries().size(), 2);
  }
  EXPECT_EQ(Registry<Loss>::Find(name), before);
  auto entry = *before;
  entry.name = "pretext.testing.New";
  {
    ScopedPlugin<Loss> scoped(entry);
    EXPECT_EQ(Registry<Loss>::Entries().size(), 3);
  }
  EXPECT_EQ(Registry<Loss>::Entries().size(), 2);
}

TEST(RegistryDeathTest, StopsOnDuplicates) {
  const auto entry = Registry<Loss>::EntryOf<FakeLoss, NearLoss>("elsewhere.cc", 7);
  EXPECT_DEATH(Registration<Loss>{entry},
               absl::StrCat("elsewhere.cc:7: pretext.testing.NearLoss is registered twice, as a "
                            "loss here and as a loss at core/plugin/registry_test.cc:",
                            kNearLossLine, "\nGive one of them a config message of its own."));
}

TEST(ConfigDocsTest, GivesTheCommentsOfTheProto) {
  EXPECT_EQ(ConfigDocs("pretext.testing.NearLoss"),
            "A config for tests of the registry.\n\nWith a second paragraph.");
  EXPECT_EQ(ConfigDocs("pretext.testing.NearLoss.margin"), "How near it must be, above 0.");
  EXPECT_EQ(ConfigDocs("pretext.testing.NearLoss.reduction"), "after the field");
  EXPECT_EQ(ConfigDocs("pretext.testing.NearLoss.undocumented"), "");
  EXPECT_EQ(ConfigDocs("pretext.testing.NearLoss.Reduction"), "How samples are reduced.");
  EXPECT_EQ(ConfigDocs("pretext.testing.NearLoss.Reduction.MEAN"), "The mean over samples.");
  EXPECT_EQ(ConfigDocs("pretext.testing.NearLoss.Inner.width"), "The width of the part.");
  EXPECT_EQ(ConfigDocs("no.such.Message"), "");
}

TEST(ConfigDocsTest, IgnoresBytesThatAreNoDescriptors) {
  static constexpr char kBytes[] = "\xff\xff\xff";
  RegisterConfigDocs(kBytes, 3);
  EXPECT_EQ(ConfigDocs("pretext.testing.NearLoss.margin"), "How near it must be, above 0.");
}

}  // namespace
}  // namespace testing
}  // namespace pretext
