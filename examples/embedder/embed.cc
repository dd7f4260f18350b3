// Vectors of pictures or texts, by pretext's C++ library:
//   embed RUN cat.png dog.jpg        embed RUN "a text" "another one"
// prints what the encoder is, then a line for each input: its cosine with the first one.
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "embedder/embedder.h"

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: embed RUN INPUT…\n"), 2;
  const auto embedder = pretext::Embedder::Open(argv[1]);
  if (!embedder.ok()) {
    return std::fprintf(stderr, "%s\n", std::string(embedder.status().message()).c_str()), 1;
  }
  std::printf("%s\n", embedder->description().c_str());
  const std::vector<std::string> inputs(argv + 2, argv + argc);
  const bool texts = embedder->kind() == pretext::Embedder::Kind::kTexts;
  const auto vectors = texts ? embedder->EmbedTexts(inputs) : embedder->EmbedPictures(inputs);
  if (!vectors.ok()) {
    return std::fprintf(stderr, "%s\n", std::string(vectors.status().message()).c_str()), 1;
  }
  const auto dot = [&](int64_t a, int64_t b) {
    double sum = 0;
    for (int64_t d = 0; d < vectors->width; ++d) sum += vectors->row(a)[d] * vectors->row(b)[d];
    return sum;
  };
  for (int64_t n = 0; n < vectors->count; ++n) {
    std::printf("%6.3f  %s\n", dot(0, n) / std::sqrt(dot(0, 0) * dot(n, n)), inputs[n].c_str());
  }
}
