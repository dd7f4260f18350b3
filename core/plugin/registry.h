// Plugins: one registry a kind, filled at static initialisation, selected
// by the plugin's config message.
//
//   // losses/nt_xent/nt_xent.cc
//   class NtXentLoss : public Loss {
//    public:
//     static absl::StatusOr<std::unique_ptr<Loss>> Create(const NtXent& config,
//                                                         const BuildContext& context);
//     ...
//   };
//   PRETEXT_REGISTER_LOSS(NtXentLoss, NtXent);   // the class, and its config message
//
// A pipeline then selects it by the message's name:
//
//   loss { [type.googleapis.com/pretext.NtXent] { temperature: 0.5 } }
//
// Names are unique over all kinds: a message configures one plugin.
// A second registration of a name stops the program at start and names both places.
// Registration happens only during static initialisation, which has one thread;
// from main on the registry is only read (tests: ScopedPlugin).
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace google::protobuf {
class Any;
class Message;
}  // namespace google::protobuf

namespace pretext {

struct BuildContext;

class Encoder;
class Head;
class Loss;
class Augmentation;
class Dataset;
class Optimizer;
class Tokenizer;

// The kind's name, as it is written in pipelines and messages.
template <class Base>
inline constexpr absl::string_view kKindName = "";
template <>
inline constexpr absl::string_view kKindName<Encoder> = "encoder";
template <>
inline constexpr absl::string_view kKindName<Head> = "head";
template <>
inline constexpr absl::string_view kKindName<Loss> = "loss";
template <>
inline constexpr absl::string_view kKindName<Augmentation> = "augmentation";
template <>
inline constexpr absl::string_view kKindName<Dataset> = "dataset";
template <>
inline constexpr absl::string_view kKindName<Optimizer> = "optimizer";
template <>
inline constexpr absl::string_view kKindName<Tokenizer> = "tokenizer";

// The kinds in the order of a pipeline, and the folder their plugins are in ("loss" -> "losses").
std::vector<absl::string_view> PluginKinds();
std::string FolderOfKind(absl::string_view kind);

// What is known of a plugin without its base class.
struct Plugin {
  std::string name;        // of its config message: "pretext.NtXent"
  absl::string_view kind;  // "loss"
  const google::protobuf::Message* default_config = nullptr;
  const char* file = "";  // where it was registered
  int line = 0;

  std::string ShortName() const;  // "NtXent"
  std::string Package() const;    // the folder of `file`: "losses/nt_xent"
};

// The plugin of that name, of whichever kind, or null.
const Plugin* FindPlugin(absl::string_view name);
// Every plugin of a kind, by name.
std::vector<const Plugin*> PluginsOfKind(absl::string_view kind);

// OK when a plugin of that kind has that name. Otherwise what the name is instead (a plugin of
// another kind, or unknown), what is known, the nearest match, and what to do: InvalidArgument,
// without path or place.
absl::Status CheckPluginName(absl::string_view kind, absl::string_view name);

// "[type.googleapis.com/pretext.NtXent]", as a pipeline writes it.
std::string TypeInBrackets(absl::string_view name);

// The name of the config in an Any: "pretext.NtXent".
std::string TypeNameOf(const google::protobuf::Any& any);

// A config taken out of its Any, as the plugin's own message.
struct PluginConfig {
  const Plugin* plugin = nullptr;
  std::shared_ptr<const google::protobuf::Message> message;
};
// InvalidArgument as from CheckPluginName, and when the bytes are not that message or a required
// field is missing.
absl::StatusOr<PluginConfig> UnpackPlugin(absl::string_view kind, const google::protobuf::Any& any);

namespace internal {
// Stops the program if the name is taken or empty. `plugin` must live as long as the program.
void AddPlugin(const Plugin* plugin);
// Puts `plugin` (null: nothing) in the place of what has that name, which it returns.
const Plugin* ReplacePlugin(const std::string& name, const Plugin* plugin);
}  // namespace internal

template <class Base>
class Registry {
 public:
  struct Entry : Plugin {
    // `config` is of the type of default_config.
    absl::StatusOr<std::unique_ptr<Base>> (*create)(const google::protobuf::Message& config,
                                                    const BuildContext& context) = nullptr;
  };

  // The entry of a class and its config message; what the macros below register.
  template <class Class, class Config>
  static Entry EntryOf(const char* file, int line) {
    static_assert(!kKindName<Base>.empty(), "not a kind of plugin");
    static_assert(std::is_base_of_v<Base, Class>, "the class is not of this kind");
    Entry entry;
    entry.name = Config::descriptor()->full_name();
    entry.kind = kKindName<Base>;
    entry.default_config = &Config::default_instance();
    entry.file = file;
    entry.line = line;
    entry.create = [](const google::protobuf::Message& config,
                      const BuildContext& context) -> absl::StatusOr<std::unique_ptr<Base>> {
      return Class::Create(static_cast<const Config&>(config), context);
    };
    return entry;
  }

  static const Entry* Find(absl::string_view name) {
    const Plugin* plugin = FindPlugin(name);
    if (plugin == nullptr || plugin->kind != kKindName<Base>) return nullptr;
    return static_cast<const Entry*>(plugin);
  }

  // Every plugin of this kind, by name.
  static std::vector<const Entry*> Entries() {
    std::vector<const Entry*> entries;
    for (const Plugin* plugin : PluginsOfKind(kKindName<Base>)) {
      entries.push_back(static_cast<const Entry*>(plugin));
    }
    return entries;
  }

  // The part that `any` selects and configures: for plugins that hold other
  // plugins, and for assembly.
  static absl::StatusOr<std::unique_ptr<Base>> Create(const google::protobuf::Any& any,
                                                      const BuildContext& context) {
    absl::StatusOr<PluginConfig> config = UnpackPlugin(kKindName<Base>, any);
    if (!config.ok()) return config.status();
    return static_cast<const Entry*>(config->plugin)->create(*config->message, context);
  }
};

// Registers an entry for the life of the program.
template <class Base>
class Registration {
 public:
  explicit Registration(typename Registry<Base>::Entry entry) : entry_(std::move(entry)) {
    internal::AddPlugin(&entry_);
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  const typename Registry<Base>::Entry entry_;
};

// For tests: registers an entry for the life of this object, in the place of one of the same name
// if there is one.
//
//   ScopedPlugin<Loss> scoped(Registry<Loss>::EntryOf<FakeLoss, NtXent>(__FILE__, __LINE__));
template <class Base>
class ScopedPlugin {
 public:
  explicit ScopedPlugin(typename Registry<Base>::Entry entry)
      : entry_(std::move(entry)), displaced_(internal::ReplacePlugin(entry_.name, &entry_)) {}
  ~ScopedPlugin() { internal::ReplacePlugin(entry_.name, displaced_); }
  ScopedPlugin(const ScopedPlugin&) = delete;
  ScopedPlugin& operator=(const ScopedPlugin&) = delete;

 private:
  const typename Registry<Base>::Entry entry_;
  const Plugin* const displaced_;
};

}  // namespace pretext

#define PRETEXT_REGISTER_ENCODER(Class, Config) PRETEXT_REGISTER_(Encoder, Class, Config)
#define PRETEXT_REGISTER_HEAD(Class, Config) PRETEXT_REGISTER_(Head, Class, Config)
#define PRETEXT_REGISTER_LOSS(Class, Config) PRETEXT_REGISTER_(Loss, Class, Config)
#define PRETEXT_REGISTER_AUGMENTATION(Class, Config) PRETEXT_REGISTER_(Augmentation, Class, Config)
#define PRETEXT_REGISTER_DATASET(Class, Config) PRETEXT_REGISTER_(Dataset, Class, Config)
#define PRETEXT_REGISTER_OPTIMIZER(Class, Config) PRETEXT_REGISTER_(Optimizer, Class, Config)
#define PRETEXT_REGISTER_TOKENIZER(Class, Config) PRETEXT_REGISTER_(Tokenizer, Class, Config)

#define PRETEXT_REGISTER_(Base, Class, Config)                                                \
  static const ::pretext::Registration<::pretext::Base> PRETEXT_REGISTRATION_NAME_(__LINE__)( \
      ::pretext::Registry<::pretext::Base>::EntryOf<Class, Config>(__FILE__, __LINE__))
#define PRETEXT_REGISTRATION_NAME_(line) PRETEXT_REGISTRATION_CONCAT_(line)
#define PRETEXT_REGISTRATION_CONCAT_(line) pretext_registration_##line
