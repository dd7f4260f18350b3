// How files become samples, as messages, and back.
#pragma once

#include "core/flow/array_preparation.h"
#include "core/flow/picture_preparation.h"
#include "pipelines/encoder/encoder_file.pb.h"

namespace pretext {

EncoderFile::Arrays ArraysToMessage(const ArrayPreparation& preparation);
ArrayPreparation ArraysFromMessage(const EncoderFile::Arrays& arrays);

EncoderFile::Pictures PicturesToMessage(const PicturePreparation& preparation);
// The scale of an encoder's pictures alone: what a dataset that it is measured on takes from it.
PicturePreparation ScaleFromMessage(const EncoderFile& file);

}  // namespace pretext
