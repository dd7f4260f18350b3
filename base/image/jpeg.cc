#include "base/image/jpeg.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>

// libjpeg's headers need FILE.
#include <jerror.h>
#include <jpeglib.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/image/planes.h"

namespace pretext {
namespace {

// A block of 8 x 8 pixels takes at least one bit.
constexpr int64_t kPixelsPerByte = 64 * 8;

// A progressive JPEG may repeat the whole picture in scan after scan; real ones have about ten.
constexpr int kMaxScans = 500;

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
      // Level -1 is a warning, after which libjpeg invents pixels.
      // Bytes too many between two parts are harmless.
      if (level < 0 && info->err->msg_code != JWRN_EXTRANEOUS_DATA) info->err->error_exit(info);
    };
    progress_.progress_monitor = [](j_common_ptr info) {
      if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
      std::snprintf(Of(info).message_, sizeof(message_), "more than %d scans", kMaxScans);
      std::longjmp(Of(info).jump_, 1);
    };
    created_ = Guarded([this] {
      jpeg_create_decompress(&info_);
      info_.progress = &progress_;
    });
  }
  ~JpegDecoder() {
    if (created_) jpeg_destroy_decompress(&info_);
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  absl::Status Decode(absl::string_view bytes, int channels, int least_side, Picture& picture) {
    const bool started =
        created_ && Guarded([&] {
          jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
          jpeg_read_header(&info_, TRUE);
        });
    if (!started) return Fault();
    const auto size = static_cast<int64_t>(bytes.size());
    if (auto status =
            CheckSize("JPEG", info_.image_height, info_.image_width, size, kPixelsPerByte);
        !status.ok()) {
      return status;
    }
    const bool cmyk = info_.num_components == 4;
    const int given = ChannelsOf(channels, info_.num_components);
    info_.out_color_space = cmyk ? JCS_CMYK : given == 3 ? JCS_RGB : JCS_GRAYSCALE;
    info_.scale_num = 1;
    info_.scale_denom = Reduction(least_side);
    if (!Guarded([this] { jpeg_calc_output_dimensions(&info_); })) return Fault();
    ResizePicture(given, info_.output_height, info_.output_width, picture);
    thread_local std::vector<uint8_t> row;
    row.resize(info_.output_width * (cmyk ? 4 : given));
    const bool read = Guarded([&] {
      jpeg_start_decompress(&info_);
      while (info_.output_scanline < info_.output_height) {
        const int64_t y = info_.output_scanline;
        JSAMPROW pointer = row.data();
        jpeg_read_scanlines(&info_, &pointer, 1);
        if (cmyk) CmykToRgb(row.data());
        PutRow(row.data(), cmyk ? 4 : given, y, picture);
      }
      jpeg_finish_decompress(&info_);
    });
    return read ? absl::OkStatus() : Fault();
  }

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

  absl::Status Fault() const {
    return absl::InvalidArgumentError(absl::StrCat("a damaged JPEG: ", message_));
  }

  // In place, the fourth value left over. Adobe's files hold the complements.
  void CmykToRgb(uint8_t* pixel) const {
    for (JDIMENSION x = 0; x < info_.output_width; ++x, pixel += 4) {
      for (int c = 0; c < 3; ++c) {
        pixel[c] = static_cast<uint8_t>(info_.saw_Adobe_marker
                                            ? pixel[c] * pixel[3] / 255
                                            : (255 - pixel[c]) * (255 - pixel[3]) / 255);
      }
    }
  }

  jpeg_decompress_struct info_ = {};
  jpeg_error_mgr errors_ = {};
  jpeg_progress_mgr progress_ = {};
  std::jmp_buf jump_;
  char message_[JMSG_LENGTH_MAX] = {};
  bool created_ = false;
};

}  // namespace

bool IsJpeg(absl::string_view bytes) { return absl::StartsWith(bytes, "\xff\xd8\xff"); }

absl::Status DecodeJpeg(absl::string_view bytes, int channels, int least_side, Picture& picture) {
  return JpegDecoder().Decode(bytes, channels, least_side, picture);
}

}  // namespace pretext
