#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "base/image/exif.h"
#include "base/image/formats.h"
#include "base/image/planes.h"

namespace pretext {
namespace {

const uint8_t* Bytes(absl::string_view bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

absl::string_view Reason(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
      return "no memory for it";
    case VP8_STATUS_NOT_ENOUGH_DATA:
      return "cut short";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "a feature that libwebp does not know";
    default:
      return "its bytes make no sense";
  }
}

absl::Status Fault(absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat("a damaged WebP: ", reason));
}

// `pixels`: height x width x 3, or x 4 with alpha.
absl::Status DecodeStill(absl::string_view bytes, bool alpha, std::vector<uint8_t>& pixels,
                         int64_t width) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return absl::InternalError("another version of libwebp");
  config.output.colorspace = alpha ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {pixels.data(), static_cast<int>(width * (alpha ? 4 : 3)), pixels.size()};
  const VP8StatusCode status = WebPDecode(Bytes(bytes), bytes.size(), &config);
  WebPFreeDecBuffer(&config.output);
  return status == VP8_STATUS_OK ? absl::OkStatus() : Fault(Reason(status));
}

// The first frame, on a transparent canvas.
absl::Status DecodeFirstFrame(absl::string_view bytes, std::vector<uint8_t>& pixels) {
  const WebPData data = {Bytes(bytes), bytes.size()};
  const std::unique_ptr<WebPAnimDecoder, void (*)(WebPAnimDecoder*)> decoder(
      WebPAnimDecoderNew(&data, nullptr), WebPAnimDecoderDelete);
  uint8_t* canvas = nullptr;
  int time = 0;
  if (decoder == nullptr || !WebPAnimDecoderGetNext(decoder.get(), &canvas, &time)) {
    return Fault("the first frame of an animation cannot be read");
  }
  std::copy_n(canvas, pixels.size(), pixels.data());
  return absl::OkStatus();
}

int FindOrientation(absl::string_view bytes) {
  const WebPData data = {Bytes(bytes), bytes.size()};
  const std::unique_ptr<WebPDemuxer, void (*)(WebPDemuxer*)> demuxer(WebPDemux(&data),
                                                                     WebPDemuxDelete);
  if (demuxer == nullptr) return 1;
  const auto chunk_of = [&](const char* kind) -> std::string {
    WebPChunkIterator chunk = {};
    if (!WebPDemuxGetChunk(demuxer.get(), kind, 1, &chunk)) return "";
    std::string contents(reinterpret_cast<const char*>(chunk.chunk.bytes), chunk.chunk.size);
    WebPDemuxReleaseChunkIterator(&chunk);
    return contents;
  };
  return OrientationOf(chunk_of("EXIF"), chunk_of("XMP "));
}

}  // namespace

absl::Status DecodeWebp(absl::string_view bytes, const DecodeOptions& options, Picture& picture,
                        int& orientation) {
  WebPBitstreamFeatures features;
  const VP8StatusCode header = WebPGetFeatures(Bytes(bytes), bytes.size(), &features);
  if (header != VP8_STATUS_OK) return Fault(Reason(header));
  if (auto status = CheckSize("WebP", features.height, features.width,
                              static_cast<int64_t>(bytes.size()), /*pixels_per_byte=*/0);
      !status.ok()) {
    return status;
  }
  const bool animated = features.has_animation != 0;
  const int found = animated || features.has_alpha ? 4 : 3;
  const int64_t width = features.width;
  thread_local std::vector<uint8_t> pixels;
  pixels.resize(static_cast<size_t>(features.height * width * found));
  const absl::Status read =
      animated ? DecodeFirstFrame(bytes, pixels) : DecodeStill(bytes, found == 4, pixels, width);
  if (!read.ok()) return read;
  ResizePicture(ChannelsOf(options.channels, found), features.height, width, picture);
  for (int64_t y = 0; y < picture.shape.height; ++y) {
    PutRow(pixels.data() + y * width * found, found, y, options, picture);
  }
  orientation = FindOrientation(bytes);
  return absl::OkStatus();
}

}  // namespace pretext
