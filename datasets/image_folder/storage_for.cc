#include "datasets/image_folder/storage_for.h"

namespace pretext {
namespace {

// Of all pixels, in bytes, what is held in memory unasked.
constexpr double kHeldUnasked = 1 << 30;

}  // namespace

ImageFolder::Storage StorageFor(ImageFolder::Storage asked, bool own_size, double bytes) {
  if (asked != ImageFolder::BY_SIZE) return asked;
  if (bytes <= kHeldUnasked) return ImageFolder::MEMORY;
  return own_size ? ImageFolder::DECODE : ImageFolder::CACHE;
}

}  // namespace pretext
