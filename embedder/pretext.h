// A trained encoder from C, and from every language that calls C: libpretext.so.
//
//   pretext_encoder* encoder = NULL;
//   if (pretext_open("runs/mine", &encoder) != 0) puts(pretext_error());
//   pretext_facts facts;
//   pretext_describe(encoder, &facts);
//   float* vectors = malloc(2 * facts.width * sizeof(float));
//   const char* paths[] = {"cat.png", "dog.jpg"};
//   if (pretext_embed(encoder, PRETEXT_PICTURES, paths, 2, vectors) != 0) puts(pretext_error());
//   pretext_close(encoder);
//
// A function gives 0 when all is well; what went wrong else is in pretext_error(). None of them
// throws or ends the process. One encoder may be used by several threads at once. An encoder of
// text has texts in UTF-8. The library takes OpenMP, OpenBLAS and oneDNN from the system; of its
// own it shows these five symbols alone.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pretext_encoder pretext_encoder;

// What is embedded.
enum {
  // const float*: samples one after the other; of pictures C x H x W, in [0, 1]; of an encoder that
  // was trained on arrays the numbers of a file of float32, which are scaled as they were there.
  PRETEXT_VALUES = 0,
  // const char* const*: paths of PNG, JPEG, WebP or BMP files.
  PRETEXT_PICTURES = 1,
  // const char* const*: texts.
  PRETEXT_TEXTS = 2
};

typedef struct pretext_facts {
  // What it was trained on: PRETEXT_PICTURES, PRETEXT_TEXTS, or PRETEXT_VALUES for vectors.
  int32_t kind;
  int64_t width;        // numbers of a vector that it makes
  int64_t sample_size;  // floats of a sample of PRETEXT_VALUES; 0 of texts
  // Of pictures, else 0.
  int64_t channels, height, width_in_pixels;
} pretext_facts;

// Opens a run, RUN/checkpoints/best or an encoder's folder; *encoder is to be closed.
int pretext_open(const char* path, pretext_encoder** encoder);

int pretext_describe(const pretext_encoder* encoder, pretext_facts* facts);

// Puts count x width floats into `vectors`, a row an input, in their order. On an error it is
// unspecified what they hold.
int pretext_embed(const pretext_encoder* encoder, int what, const void* inputs, int64_t count,
                  float* vectors);

// What went wrong last on this thread, in UTF-8; it stays until the next call on this thread.
const char* pretext_error(void);

// NULL is nothing to close.
void pretext_close(pretext_encoder* encoder);

#ifdef __cplusplus
}
#endif
