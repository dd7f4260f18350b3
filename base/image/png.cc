#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/image/exif.h"
#include "base/image/formats.h"
#include "base/image/planes.h"
#include "base/image/png_text.h"

namespace pretext {
namespace {

// Deflate makes at most 1032 bytes of one, and a byte may hold 8 pixels.
constexpr int64_t kPixelsPerByte = 1032 * 8;

// libpng reports errors by a call that must not return: it jumps back to the innermost Guarded().
// What is jumped over holds no objects with destructors.
class PngDecoder {
 public:
  explicit PngDecoder(absl::string_view bytes) : rest_(bytes), size_(bytes.size()) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, OnError, OnWarning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
  }
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  absl::Status Decode(const DecodeOptions& options, Picture& picture) {
    if (info_ == nullptr) return absl::ResourceExhaustedError("no memory for a PNG's header");
    if (!Guarded([this] { ReadHeader(); })) return Fault();
    const int64_t height = png_get_image_height(png_, info_);
    const int64_t width = png_get_image_width(png_, info_);
    if (auto status = CheckSize("PNG", height, width, static_cast<int64_t>(size_), kPixelsPerByte);
        !status.ok()) {
      return status;
    }
    if (!Guarded([this] { ChooseTransformations(); })) return Fault();
    const int found = png_get_channels(png_, info_);
    ResizePicture(ChannelsOf(options.channels, found), height, width, picture);
    // An interlaced picture is whole only after its last pass, and needs all of its rows.
    thread_local std::vector<uint8_t> rows;
    const auto row_size = static_cast<size_t>(width * found);
    rows.assign(row_size * static_cast<size_t>(passes_ > 1 ? height : 1), 0);
    const bool read = Guarded([&] {
      for (int pass = 0; pass < passes_; ++pass) {
        for (int64_t y = 0; y < height; ++y) {
          uint8_t* const row = rows.data() + (passes_ > 1 ? row_size * static_cast<size_t>(y) : 0);
          png_read_row(png_, row, nullptr);
          if (pass == passes_ - 1) PutRow(row, found, y, options, picture);
        }
      }
    });
    return read ? absl::OkStatus() : Fault();
  }

  // Without a chunk of Exif a text of it is taken. libpng is not asked, which has none of a chunk
  // that begins as JPEG's do.
  static int Orientation(absl::string_view bytes) {
    std::string exif(PngChunk(bytes, "eXIf"));
    if (exif.empty()) exif = BytesOfRawProfile(PngText(bytes, "Raw profile type exif"));
    return OrientationOf(exif, PngText(bytes, "XML:com.adobe.xmp"));
  }

 private:
  static PngDecoder& Of(void* decoder) { return *static_cast<PngDecoder*>(decoder); }

  static void OnError(png_structp png, const char* message) {
    PngDecoder& decoder = Of(png_get_error_ptr(png));
    std::snprintf(decoder.message_, sizeof(message_), "%s", message);
    std::longjmp(decoder.jump_, 1);
  }
  static void OnWarning(png_structp, const char*) {}

  static void OnRead(png_structp png, png_bytep to, size_t size) {
    absl::string_view& rest = Of(png_get_io_ptr(png)).rest_;
    if (size > rest.size()) png_error(png, "cut short");
    std::memcpy(to, rest.data(), size);
    rest.remove_prefix(size);
  }

  // Runs f; false when libpng gave up inside it.
  template <typename F>
  bool Guarded(const F& f) {
    if (setjmp(jump_) != 0) return false;
    f();
    return true;
  }

  void ReadHeader() {
    png_set_read_fn(png_, this, OnRead);
    // Gamma, profiles, texts and the like are passed over unread: they do not change a pixel, and a
    // few bytes of them can be made to expand to gigabytes.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_read_info(png_, info_);
  }

  // To 8 bits of grey or colours, with alpha where there is any transparency.
  void ChooseTransformations() {
    png_set_expand(png_);
    png_set_strip_16(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  }

  absl::Status Fault() const {
    return absl::InvalidArgumentError(absl::StrCat("a damaged PNG: ", message_));
  }

  absl::string_view rest_;
  const size_t size_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf jump_;
  char message_[128] = {};
  int passes_ = 1;
};

}  // namespace

absl::Status DecodePng(absl::string_view bytes, const DecodeOptions& options, Picture& picture,
                       int& orientation) {
  PngDecoder decoder(bytes);
  const absl::Status status = decoder.Decode(options, picture);
  if (status.ok()) orientation = decoder.Orientation(bytes);
  return status;
}

}  // namespace pretext
