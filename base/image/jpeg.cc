#include <algorithm>
#include <csetjmp>
#include <cstdio>

// libjpeg's headers need FILE.
#include <jerror.h>
#include <jpeglib.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/image/exif.h"
#include "base/image/formats.h"
#include "base/image/planes.h"

namespace pretext {
namespace {

// A block of 8 x 8 pixels takes at least one bit.
constexpr int64_t kPixelsPerByte = 64 * 8;

// A progressive JPEG may repeat the whole picture in scan after scan; real ones have about ten.
constexpr int kMaxScans = 500;

constexpr int kExifMarker = JPEG_APP0 + 1;

// Of the decoder's warnings those after which no pixel is invented: bytes too many between two
// parts, another version of JFIF, a transform that Adobe did not define, parameters of a scan that
// the standard does not allow and that change nothing.
bool IsHarmless(int warning) {
  return warning == JWRN_EXTRANEOUS_DATA || warning == JWRN_JFIF_MAJOR ||
         warning == JWRN_ADOBE_XFORM || warning == JWRN_NOT_SEQUENTIAL ||
         warning == JWRN_BOGUS_PROGRESSION;
}

// libjpeg reports errors by a call that must not return: it jumps back to the innermost Guarded().
// What is jumped over holds no objects with destructors.
class JpegDecoder {
 public:
  JpegDecoder() {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = [](j_common_ptr info) {
      info->err->format_message(info, Of(info).message_);
      std::longjmp(Of(info).jump_, 1);
    };
    errors_.emit_message = [](j_common_ptr info, int level) {
      if (level < 0 && !IsHarmless(info->err->msg_code)) info->err->error_exit(info);
    };
    progress_.progress_monitor = [](j_common_ptr info) {
      if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
      std::snprintf(Of(info).message_, sizeof(message_), "more than %d scans", kMaxScans);
      std::longjmp(Of(info).jump_, 1);
    };
    created_ = Guarded([this] {
      jpeg_create_decompress(&info_);
      info_.progress = &progress_;
      jpeg_save_markers(&info_, kExifMarker, 0xFFFF);
    });
  }
  ~JpegDecoder() {
    if (created_) jpeg_destroy_decompress(&info_);
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  absl::Status Decode(absl::string_view bytes, const DecodeOptions& options, Picture& picture) {
    const bool started =
        created_ && Guarded([&] {
          jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
          jpeg_read_header(&info_, TRUE);
        });
    if (!started) return Fault();
    orientation_ = FindOrientation();
    const auto size = static_cast<int64_t>(bytes.size());
    // Arithmetic coding may take less than a bit a block.
    const int64_t most = info_.arith_code ? 0 : kPixelsPerByte;
    if (auto status = CheckSize("JPEG", info_.image_height, info_.image_width, size, most);
        !status.ok()) {
      return status;
    }
    const bool cmyk = info_.num_components == 4;
    const int given = ChannelsOf(options.channels, info_.num_components);
    info_.out_color_space = cmyk ? JCS_CMYK : given == 3 ? JCS_RGB : JCS_GRAYSCALE;
    info_.scale_num = 1;
    info_.scale_denom = options.reduction > 0 ? static_cast<unsigned>(options.reduction)
                                              : Reduction(options.least_side);
    if (!Guarded([this] { jpeg_calc_output_dimensions(&info_); })) return Fault();
    ResizePicture(given, info_.output_height, info_.output_width, picture);
    picture.reduction = static_cast<int>(info_.scale_denom);
    picture.full_height = static_cast<int>(info_.image_height);
    picture.full_width = static_cast<int>(info_.image_width);
    thread_local std::vector<uint8_t> row;
    row.resize(info_.output_width * (cmyk ? 4 : given));
    const bool read = Guarded([&] {
      jpeg_start_decompress(&info_);
      while (info_.output_scanline < info_.output_height) {
        const int64_t y = info_.output_scanline;
        JSAMPROW pointer = row.data();
        jpeg_read_scanlines(&info_, &pointer, 1);
        if (cmyk) CmykToRgb(row.data());
        PutRow(row.data(), cmyk ? 3 : given, y, options, picture);
      }
      jpeg_finish_decompress(&info_);
    });
    return read ? absl::OkStatus() : Fault();
  }

  int orientation() const { return orientation_; }

 private:
  static JpegDecoder& Of(j_common_ptr info) {
    return *static_cast<JpegDecoder*>(info->client_data);
  }

  // Runs f; false when libjpeg gave up inside it.
  template <typename F>
  bool Guarded(const F& f) {
    if (setjmp(jump_) != 0) return false;
    f();
    return true;
  }

  // 1, 2, 4 or 8: by how much both sides can be divided, and rounded up, and still be `least` long.
  unsigned Reduction(int least) const {
    const auto side = static_cast<int64_t>(std::min(info_.image_height, info_.image_width));
    unsigned reduction = 1;
    while (least > 0 && reduction < 8 && side / (2 * reduction) >= least) reduction *= 2;
    return reduction;
  }

  // By the first Exif block and the last XMP block. The decoder forgets them when it has finished.
  int FindOrientation() const {
    constexpr absl::string_view kXmp("http://ns.adobe.com/xap/1.0/\0", 29);
    absl::string_view exif, xmp;
    for (jpeg_saved_marker_ptr marker = info_.marker_list; marker != nullptr;
         marker = marker->next) {
      const absl::string_view data(reinterpret_cast<const char*>(marker->data),
                                   marker->data_length);
      if (marker->marker != kExifMarker) continue;
      if (exif.empty() && absl::StartsWith(data, "Exif")) exif = data;
      if (absl::StartsWith(data, kXmp)) xmp = data.substr(kXmp.size());
    }
    return OrientationOf(exif, xmp);
  }

  absl::Status Fault() const {
    return absl::InvalidArgumentError(absl::StrCat("a damaged JPEG: ", message_));
  }

  // In place. As Pillow and torchvision do it, the values are taken for complements, which is how
  // Adobe's programs write them, whether its marker is there or not.
  void CmykToRgb(uint8_t* row) const {
    const uint8_t* from = row;
    for (JDIMENSION x = 0; x < info_.output_width; ++x, from += 4) {
      for (int c = 0; c < 3; ++c) {
        const int ink = (255 - from[c]) * from[3] + 128;
        *row++ = static_cast<uint8_t>(from[3] - ((ink + (ink >> 8)) >> 8));
      }
    }
  }

  jpeg_decompress_struct info_ = {};
  jpeg_error_mgr errors_ = {};
  jpeg_progress_mgr progress_ = {};
  std::jmp_buf jump_;
  char message_[JMSG_LENGTH_MAX] = {};
  bool created_ = false;
  int orientation_ = 1;
};

}  // namespace

absl::Status DecodeJpeg(absl::string_view bytes, const DecodeOptions& options, Picture& picture,
                        int& orientation) {
  JpegDecoder decoder;
  const absl::Status status = decoder.Decode(bytes, options, picture);
  if (status.ok()) orientation = decoder.orientation();
  return status;
}

}  // namespace pretext
