#include "embedder/pretext.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "embedder/embedder.h"

struct pretext_encoder {
  pretext::Embedder embedder;
};

namespace {

// Of the calling thread. A text that there is no memory for is left out.
struct LastError {
  std::string text;
  const char* fixed = "";
};
thread_local LastError last_error;

int Fail(const absl::Status& status) {
  last_error.fixed = "";
  last_error.text.assign(status.message().data(), status.message().size());
  return 1;
}

// What `act` comes to; nothing that is thrown leaves this library.
template <typename Act>
int Guarded(const Act& act) noexcept {
  try {
    const absl::Status status = act();
    return status.ok() ? 0 : Fail(status);
  } catch (const std::bad_alloc&) {
    last_error.fixed = "there is no memory for it";
  } catch (const std::exception&) {
    last_error.fixed = "a library failed";
  } catch (...) {
    last_error.fixed = "a library failed";
  }
  return 1;
}

absl::Status Missing(const char* what) {
  return absl::InvalidArgumentError(std::string("pretext: ") + what + " is NULL");
}

std::vector<std::string> Strings(const void* inputs, int64_t count) {
  const auto* const strings = static_cast<const char* const*>(inputs);
  return {strings, strings + count};
}

absl::StatusOr<pretext::Embeddings> Embed(const pretext::Embedder& embedder, int what,
                                          const void* inputs, int64_t count) {
  if (what == PRETEXT_VALUES) {
    return embedder.EmbedValues(static_cast<const float*>(inputs), count);
  }
  if (what != PRETEXT_PICTURES && what != PRETEXT_TEXTS) {
    return absl::InvalidArgumentError("pretext: what is embedded is values, pictures or texts");
  }
  const auto* const strings = static_cast<const char* const*>(inputs);
  if (std::find(strings, strings + count, nullptr) != strings + count) return Missing("an input");
  return what == PRETEXT_PICTURES ? embedder.EmbedPictures(Strings(inputs, count))
                                  : embedder.EmbedTexts(Strings(inputs, count));
}

}  // namespace

int pretext_open(const char* path, pretext_encoder** encoder) {
  return Guarded([&]() -> absl::Status {
    if (path == nullptr) return Missing("path");
    if (encoder == nullptr) return Missing("encoder");
    *encoder = nullptr;
    absl::StatusOr<pretext::Embedder> opened = pretext::Embedder::Open(path);
    if (!opened.ok()) return opened.status();
    *encoder = new pretext_encoder{*std::move(opened)};
    return absl::OkStatus();
  });
}

int pretext_describe(const pretext_encoder* encoder, pretext_facts* facts) {
  return Guarded([&]() -> absl::Status {
    if (encoder == nullptr) return Missing("encoder");
    if (facts == nullptr) return Missing("facts");
    *facts = {};
    switch (encoder->embedder.kind()) {
      case pretext::Embedder::Kind::kPictures:
        facts->kind = PRETEXT_PICTURES;
        break;
      case pretext::Embedder::Kind::kTexts:
        facts->kind = PRETEXT_TEXTS;
        break;
      case pretext::Embedder::Kind::kVectors:
        facts->kind = PRETEXT_VALUES;
        break;
    }
    facts->width = encoder->embedder.width();
    facts->sample_size = encoder->embedder.sample_size();
    const std::vector<int64_t> shape = encoder->embedder.picture_shape();
    if (shape.size() != 3) return absl::OkStatus();
    facts->channels = shape[0];
    facts->height = shape[1];
    facts->width_in_pixels = shape[2];
    return absl::OkStatus();
  });
}

int pretext_embed(const pretext_encoder* encoder, int what, const void* inputs, int64_t count,
                  float* vectors) {
  return Guarded([&]() -> absl::Status {
    if (encoder == nullptr) return Missing("encoder");
    if (count < 0) return absl::InvalidArgumentError("pretext: the count is negative");
    if (count > 0 && inputs == nullptr) return Missing("inputs");
    if (count > 0 && vectors == nullptr) return Missing("vectors");
    if (count == 0) return absl::OkStatus();
    const auto made = Embed(encoder->embedder, what, inputs, count);
    if (!made.ok()) return made.status();
    std::copy(made->values.begin(), made->values.end(), vectors);
    return absl::OkStatus();
  });
}

const char* pretext_error(void) {
  return *last_error.fixed != '\0' ? last_error.fixed : last_error.text.c_str();
}

void pretext_close(pretext_encoder* encoder) { delete encoder; }
