#include "tests/fuzz/pipeline_generator.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/plugin/registry.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/text/load_pipeline.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext::testing {
namespace {

using google::protobuf::Any;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kTrain = 21, kTest = 10, kSide = 8;
constexpr int kDeep = 2;  // augmentations within augmentations

void WriteImages(const std::string& path, int count) {
  const char head[] = {0, 0, 8, 3,     0, 0, 0, static_cast<char>(count),
                       0, 0, 0, kSide, 0, 0, 0, kSide};
  std::string bytes(head, sizeof head);
  for (int i = 0; i < count * kSide * kSide; ++i) bytes += static_cast<char>(i * 37 % 251);
  std::ofstream(path) << bytes;
  const char label_head[] = {0, 0, 8, 1, 0, 0, 0, static_cast<char>(count)};
  std::string labels(label_head, sizeof label_head);
  for (int i = 0; i < count; ++i) labels += static_cast<char>(i % 3);
  std::ofstream(path + "-labels") << labels;
}

void WriteCorpus(const std::string& path) {
  std::ofstream file(path);
  const char* const words[] = {"the",  "miller", "grinds", "golden",
                               "corn", "while",  "dogs",   "sleep"};
  for (int i = 0; i < 40; ++i) {
    for (int j = 0; j < 3 + i * 7 % 20; ++j) file << words[(i + j * j) % 8] << ' ';
    file << ".\n\n";
  }
}

template <class T>
T OneOf(Random& random, std::initializer_list<T> choices) {
  return *std::next(choices.begin(), random.Below(static_cast<uint32_t>(choices.size())));
}

bool Chance(Random& random, double probability) { return random.Uniform() < probability; }

void Randomize(Message* message, Random& random, int depth);

// A plugin of the kind, its config changed here and there.
void RandomPart(absl::string_view kind, Any* any, Random& random, int depth) {
  const std::vector<const Plugin*> plugins = PluginsOfKind(kind);
  const Plugin* plugin = plugins[random.Below(static_cast<uint32_t>(plugins.size()))];
  const std::unique_ptr<Message> config(plugin->default_config->New());
  Randomize(config.get(), random, depth);
  any->PackFrom(*config);
}

// One more or the one value of a scalar field.
void SetScalar(const FieldDescriptor& field, Message* message, Random& random) {
  const Reflection& reflection = *message->GetReflection();
  const bool repeated = field.is_repeated();
  const int64_t whole = OneOf<int64_t>(random, {0, 1, 1, 2, 2, 3, 4, 4, 6, 8, 8, 12});
  const double real = OneOf(random, {0.0, 0.1, 0.2, 0.25, 0.5, 0.5, 0.9, 1.0, 1.0, 2.0});
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      repeated ? reflection.AddInt32(message, &field, static_cast<int32_t>(whole))
               : reflection.SetInt32(message, &field, static_cast<int32_t>(whole));
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      repeated ? reflection.AddInt64(message, &field, whole)
               : reflection.SetInt64(message, &field, whole);
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
      repeated ? reflection.AddFloat(message, &field, static_cast<float>(real))
               : reflection.SetFloat(message, &field, static_cast<float>(real));
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      repeated ? reflection.AddDouble(message, &field, real)
               : reflection.SetDouble(message, &field, real);
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      if (!repeated) reflection.SetBool(message, &field, Chance(random, 0.5));
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      if (!repeated) {
        const auto& values = *field.enum_type();
        const uint32_t chosen = random.Below(static_cast<uint32_t>(values.value_count()));
        reflection.SetEnum(message, &field, values.value(static_cast<int>(chosen)));
      }
      break;
    default:
      break;  // text names files and the like
  }
}

void Randomize(Message* message, Random& random, int depth) {
  if (auto* any = dynamic_cast<Any*>(message))
    return RandomPart("augmentation", any, random, depth);
  const Reflection& reflection = *message->GetReflection();
  const auto& descriptor = *message->GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    const bool inner = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (inner && (depth >= kDeep || !field.is_repeated())) continue;
    // Lists are what a part cannot do without; few of the other fields are changed.
    if (!Chance(random, field.is_repeated() ? 0.8 : 0.15)) continue;
    const uint32_t count = field.is_repeated() ? random.Below(3) + 1 : 1;
    for (uint32_t k = 0; k < count; ++k) {
      if (inner) {
        Randomize(reflection.AddMessage(message, &field), random, depth + 1);
      } else {
        SetScalar(field, message, random);
      }
    }
  }
}

std::string ImagesText(Random& random) {
  std::string text =
      "[type.googleapis.com/pretext.IdxImages] { images: 'train' test_images: 'test' ";
  if (Chance(random, 0.8))
    absl::StrAppend(&text, "labels: 'train-labels' test_labels: 'test-labels' ");
  const char* const scaling =
      OneOf(random, {"", "", "", "", "scaling { low: -1 } ", "scaling { standardize: true } "});
  absl::StrAppend(&text, scaling);
  return absl::StrCat(text, "}");
}

std::string CorpusText(const std::string& folder, Random& random) {
  return absl::StrCat("[type.googleapis.com/pretext.Text] { files: 'corpus' held_out: 0.2 ",
                      "sequence_length: ", OneOf(random, {8, 16, 200}), " cache_directory: '",
                      folder, "/cache' tokenizer { ",
                      "[type.googleapis.com/pretext.WordPiece] { learn { size: 60 } } } }");
}

// Parts that are made for each other, so that much of what is generated runs.
void TextParts(Pipeline* pipeline, Random& random) {
  if (Chance(random, 0.9)) {
    pipeline->mutable_views()->clear_view();
    pipeline->mutable_views()->clear_augmentation();
    pipeline->mutable_views()->add_augmentation()->set_type_url(
        "type.googleapis.com/pretext.TokenMasking");
  }
  const auto set = [&](Any* any, const char* name, double probability) {
    if (!Chance(random, probability)) return;
    const Plugin* plugin = FindPlugin(name);
    if (plugin == nullptr) return;
    const std::unique_ptr<Message> config(plugin->default_config->New());
    Randomize(config.get(), random, 0);
    any->PackFrom(*config);
  };
  set(pipeline->mutable_encoder(), "pretext.Transformer", 0.95);
  set(pipeline->mutable_head(), "pretext.MaskedLanguageModel", 0.9);
  set(pipeline->mutable_loss(), "pretext.MaskedCrossEntropy", 0.9);
}

void RandomTrain(Pipeline::Train* train, Random& random) {
  train->set_steps(10);
  if (Chance(random, 0.2)) train->set_epochs(2);
  train->set_batch_size(OneOf(random, {1, 2, 3, 4, 4, 5, 7, 8, 8}));
  if (Chance(random, 0.4)) train->set_chunk(OneOf(random, {1, 2, 3, 4, 5, 8}));
  if (Chance(random, 0.3)) train->set_accumulate(OneOf(random, {2, 3}));
  if (Chance(random, 0.3)) train->set_clip_norm(OneOf(random, {0.1, 1.0}));
  if (Chance(random, 0.4)) train->set_drop_last(false);
  if (Chance(random, 0.3))
    train->set_batch_norm(OneOf(random, {Pipeline::Train::PER_VIEW, Pipeline::Train::PER_BLOCK}));
  if (Chance(random, 0.2)) train->set_blocks(OneOf(random, {1, 2, 3}));
  if (Chance(random, 0.2)) train->set_precision(Pipeline::Train::BF16);
  if (Chance(random, 0.2)) train->set_gradient_checkpointing(true);
  if (Chance(random, 0.3)) train->set_prefetch(OneOf(random, {0, 1, 3}));
  train->set_log_every(OneOf(random, {1, 3, 10}));
  train->set_checkpoint_every_steps(OneOf(random, {0, 0, 4}));
  train->set_seed(random.Below(1000));
}

Ramp RandomRamp(Random& random) {
  Ramp ramp;
  ramp.set_from(OneOf(random, {0.0, 0.5, 0.9, 1.0}));
  if (Chance(random, 0.6)) ramp.set_to(OneOf(random, {0.0, 0.99, 1.0}));
  if (Chance(random, 0.5)) ramp.set_decay(Ramp::COSINE);
  if (Chance(random, 0.2)) ramp.set_steps(OneOf(random, {1, 4}));
  if (Chance(random, 0.2)) ramp.set_epochs(OneOf(random, {0.5, 1.0}));
  return ramp;
}

void RandomSections(Pipeline* pipeline, Random& random) {
  RandomTrain(pipeline->mutable_train(), random);
  Pipeline::Schedule* schedule = pipeline->mutable_schedule();
  if (Chance(random, 0.3)) schedule->set_warmup_steps(OneOf(random, {1, 5, 10, 20}));
  if (Chance(random, 0.2)) schedule->set_warmup_epochs(OneOf(random, {0.5, 1.0, 3.0}));
  if (Chance(random, 0.5)) schedule->set_decay(Pipeline::Schedule::COSINE);
  if (Chance(random, 0.2)) *schedule->mutable_weight_decay() = RandomRamp(random);
  if (Chance(random, 0.2)) schedule->set_scaling(Pipeline::Schedule::LINEAR_IN_BATCH);
  Pipeline::Evaluate* evaluate = pipeline->mutable_evaluate();
  evaluate->mutable_probe()->set_max_iterations(3);
  if (Chance(random, 0.7)) evaluate->clear_probe();
  if (Chance(random, 0.2)) evaluate->set_every_epochs(1);
  if (Chance(random, 0.2)) evaluate->set_classify(false);
  if (Chance(random, 0.2)) evaluate->add_knn()->set_k(OneOf(random, {1, 3, 50}));
  if (Chance(random, 0.2)) evaluate->mutable_baselines()->set_pca(false);
  if (Chance(random, 0.2)) evaluate->set_max_train_samples(OneOf(random, {1, 5}));
  if (Chance(random, 0.2)) evaluate->set_max_test_samples(OneOf(random, {1, 4}));
  if (Chance(random, 0.3)) evaluate->set_validation(OneOf(random, {0.1, 0.4}));
  Pipeline::Checkpoints* checkpoints = pipeline->mutable_checkpoints();
  if (Chance(random, 0.3)) checkpoints->set_keep(OneOf(random, {1, 2, 3}));
  if (Chance(random, 0.3)) {
    checkpoints->set_best(
        OneOf(random, {"loss", "test_loss", "probe", "masked_loss", "knn", "mse"}));
  }
  evaluate->set_batch_size(OneOf(random, {1, 4, 256}));
  pipeline->mutable_output()->set_tensorboard(Chance(random, 0.3));
  pipeline->mutable_output()->set_report(Chance(random, 0.3));
}

void RandomViews(Pipeline::Views* views, Random& random) {
  views->Clear();
  const int count = OneOf(random, {1, 1, 2, 2, 2, 3});
  views->set_count(count);
  for (uint32_t i = random.Below(3); i > 0; --i) {
    RandomPart("augmentation", views->add_augmentation(), random, 0);
  }
  for (int v = 0; v < count && Chance(random, v == 0 ? 0.1 : 1.0); ++v) {
    RandomPart("augmentation", views->add_view()->add_augmentation(), random, 0);
  }
}

// The roles beside encoder, head and loss: groups of views, a predictor, a teacher.
void RandomRoles(Pipeline* pipeline, Random& random) {
  Pipeline::Views& views = *pipeline->mutable_views();
  views.clear_group();
  views.clear_target();
  pipeline->clear_predictor();
  pipeline->clear_teacher();
  pipeline->clear_freeze_for();
  if (Chance(random, 0.3)) {
    views.clear_view();
    views.clear_count();
    for (const char* const name : {"global", "local", "key"}) {
      if (!Chance(random, 0.7)) continue;
      Pipeline::Group& group = *views.add_group();
      group.set_name(name);
      group.set_count(OneOf(random, {1, 1, 2}));
      if (Chance(random, 0.5)) RandomPart("augmentation", group.add_augmentation(), random, 0);
      if (Chance(random, 0.2)) group.set_student(false);
    }
    if (Chance(random, 0.3)) views.add_target("global");
  }
  if (Chance(random, 0.4)) RandomPart("head", pipeline->mutable_predictor(), random, 0);
  if (Chance(random, 0.4)) {
    Teacher& teacher = *pipeline->mutable_teacher();
    if (Chance(random, 0.7)) *teacher.mutable_momentum() = RandomRamp(random);
    if (Chance(random, 0.3)) teacher.set_update(Teacher::BEFORE_FORWARD);
    if (Chance(random, 0.3)) teacher.set_buffers(Teacher::FOLLOW);
    if (Chance(random, 0.3)) teacher.set_dropout(true);
    if (Chance(random, 0.3)) teacher.add_views(OneOf(random, {"global", "local"}));
  }
  for (const char* const name : {"head", "predictor", "loss.prototypes", "encoder"}) {
    if (!Chance(random, 0.1)) continue;
    Pipeline::FreezeFor& entry = *pipeline->add_freeze_for();
    entry.set_name(name);
    Chance(random, 0.5) ? entry.set_steps(3) : entry.set_epochs(0.5);
  }
}

// Draws a section anew; the dataset stays.
void Redraw(absl::string_view section, Pipeline* pipeline, Random& random) {
  if (section == "encoder") RandomPart(section, pipeline->mutable_encoder(), random, 0);
  if (section == "head") RandomPart(section, pipeline->mutable_head(), random, 0);
  if (section == "loss") RandomPart(section, pipeline->mutable_loss(), random, 0);
  if (section == "optimizer") RandomPart(section, pipeline->mutable_optimizer(), random, 0);
  if (section == "views") {
    pipeline->clear_teacher();  // which names groups
    RandomViews(pipeline->mutable_views(), random);
  }
  if (section == "predictor" || section == "teacher" || section == "freeze_for")
    RandomRoles(pipeline, random);
  if (section != "train" && section != "schedule" && section != "evaluate" &&
      section != "checkpoints") {
    return;
  }
  pipeline->clear_train();
  pipeline->clear_schedule();
  pipeline->clear_evaluate();
  pipeline->clear_checkpoints();
  RandomSections(pipeline, random);
}

// The sections that faults name ("encoder", "views.augmentation[1]" as "views", …); a message has a
// line a fault, "p:LINE:COLUMN: PATH: WHAT".
std::set<std::string> FaultySections(absl::string_view message) {
  std::set<std::string> sections;
  for (const absl::string_view line : absl::StrSplit(message, '\n')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(": ", 2));
    if (fields.size() == 3)
      sections.insert(std::string(fields[1].substr(0, fields[1].find_first_of(".["))));
  }
  return sections;
}

std::string Printed(const Pipeline& pipeline) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetExpandAny(true);
  std::string written;
  printer.PrintToString(pipeline, &written);
  return written;
}

}  // namespace

PipelineGenerator::PipelineGenerator(std::string folder) : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
  WriteImages(folder_ + "/train", kTrain);
  WriteImages(folder_ + "/test", kTest);
  WriteCorpus(folder_ + "/corpus");
}

std::string PipelineGenerator::Generate(Random& random) const {
  Pipeline pipeline;
  const bool text = Chance(random, 0.25);
  google::protobuf::TextFormat::ParseFromString(
      absl::StrCat("dataset { ", text ? CorpusText(folder_, random) : ImagesText(random), " }"),
      &pipeline);
  pipeline.set_name("generated");
  RandomViews(pipeline.mutable_views(), random);
  for (const char* const section : {"encoder", "head", "loss", "optimizer"})
    Redraw(section, &pipeline, random);
  RandomRoles(&pipeline, random);
  RandomSections(&pipeline, random);
  if (text) TextParts(&pipeline, random);

  // What is faulty is drawn again, and sooner or later what is beside it: most come to fit. Some
  // are left as they are.
  const int rounds = Chance(random, 0.2) ? 0 : 24;
  for (int round = 0; round < rounds; ++round) {
    const absl::StatusOr<Assembled> parts =
        Assemble(LoadPipelineText("p", Printed(pipeline)), {.base_directory = folder_});
    if (parts.ok()) break;
    for (const std::string& section : FaultySections(parts.status().message())) {
      Redraw(section, &pipeline, random);
      if (section == "loss" && Chance(random, 0.3)) Redraw("head", &pipeline, random);
      if (section == "loss" && Chance(random, 0.2)) RandomRoles(&pipeline, random);
      if (section == "head" && Chance(random, 0.3)) Redraw("encoder", &pipeline, random);
      if (section == "encoder" && Chance(random, 0.3)) Redraw("views", &pipeline, random);
    }
    if (text && Chance(random, 0.3)) TextParts(&pipeline, random);
  }
  return Printed(pipeline);
}

}  // namespace pretext::testing
