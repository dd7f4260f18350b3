#include "base/image/formats.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/image/exif.h"

namespace pretext {
namespace {

struct Format {
  absl::string_view name;
  size_t at;
  absl::string_view bytes;  // That a file of this format has there.
  Decoder* decoder;         // None: it is known by name only.
};

// With the zeros in it.
template <size_t N>
constexpr absl::string_view Magic(const char (&bytes)[N]) {
  return {bytes, N - 1};
}

constexpr Format kFormats[] = {
    {"PNG", 0, Magic("\x89PNG\r\n\x1a\n"), DecodePng},
    {"JPEG", 0, Magic("\xff\xd8\xff"), DecodeJpeg},
    {"WebP", 8, Magic("WEBPVP8"), DecodeWebp},
    {"BMP", 15, Magic("\0\0\0"), DecodeBmp},  // After its "BM", which alone might begin a text.
    {"GIF", 0, Magic("GIF8"), nullptr},
    {"TIFF", 0, Magic("II*\0"), nullptr},
    {"TIFF", 0, Magic("MM\0*"), nullptr},
    {"AVIF", 4, Magic("ftypavif"), nullptr},
    {"AVIF", 4, Magic("ftypavis"), nullptr},
    {"HEIC", 4, Magic("ftyphei"), nullptr},
    {"HEIC", 4, Magic("ftyphev"), nullptr},
    {"HEIC", 4, Magic("ftypmif1"), nullptr},
    {"HEIC", 4, Magic("ftypmsf1"), nullptr},
    {"JPEG 2000", 0, Magic("\0\0\0\x0cjP  "), nullptr},
    {"JPEG 2000", 0, Magic("\xff\x4f\xff\x51"), nullptr},
    {"JPEG XL", 0, Magic("\0\0\0\x0cJXL "), nullptr},
    {"JPEG XL", 0, Magic("\xff\x0a"), nullptr},
    {"ICO", 0, Magic("\0\0\1\0"), nullptr},
    {"Photoshop", 0, Magic("8BPS"), nullptr},
    {"OpenEXR", 0, Magic("v/1\1"), nullptr},
    {"DDS", 0, Magic("DDS "), nullptr},
    {"SVG", 0, Magic("<svg"), nullptr},
};

const Format* Find(absl::string_view bytes) {
  for (const Format& format : kFormats) {
    if (bytes.size() < format.at || !absl::StartsWith(bytes.substr(format.at), format.bytes)) {
      continue;
    }
    if (format.decoder == DecodeBmp && !absl::StartsWith(bytes, "BM")) continue;
    if (format.decoder == DecodeWebp && !absl::StartsWith(bytes, "RIFF")) continue;
    return &format;
  }
  return nullptr;
}

}  // namespace

const char kFormatsRead[] = "PNG, JPEG, WebP or BMP";

PictureFormat FormatOf(absl::string_view first_bytes) {
  const Format* const format = Find(first_bytes);
  if (format == nullptr) return {};
  return {format->name, format->decoder != nullptr};
}

absl::Status DecodePicture(absl::string_view bytes, const DecodeOptions& options,
                           Picture& picture) {
  const Format* const format = Find(bytes);
  if (format == nullptr) {
    return absl::InvalidArgumentError(
        bytes.empty() ? "an empty file" : absl::StrCat("no ", kFormatsRead, " by its first bytes"));
  }
  if (format->decoder == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("by its first bytes of the format ",
                                                   format->name, ", which is not read; ",
                                                   kFormatsRead, " is"));
  }
  picture.transparent = picture.turned = false;
  picture.reduction = 1;
  picture.full_height = picture.full_width = 0;
  int orientation = 1;
  if (auto status = format->decoder(bytes, options, picture, orientation); !status.ok()) {
    return status;
  }
  if (picture.full_height == 0) {
    picture.full_height = picture.shape.height;
    picture.full_width = picture.shape.width;
  }
  if (orientation != 1) Turn(orientation, picture);
  return absl::OkStatus();
}

}  // namespace pretext
