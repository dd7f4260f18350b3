// How fast text becomes tokens: text [CORPUS] [VOCABULARY_SIZE], on OMP_NUM_THREADS threads.
//
// One line of JSON a stage: seconds of wall time and of all threads' processor time, and megabytes
// of plain text a second of processor time. On a machine with other work the processor time is the
// one to compare.
#include <omp.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "datasets/text/document_reader.h"
#include "tokenizers/word_piece/word_piece.h"

namespace pretext {
namespace {

double ProcessorSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

class Stage {
 public:
  explicit Stage(const char* name) : name_(name) {}
  void Report(int64_t bytes) const {
    const double wall = omp_get_wtime() - wall_, processor = ProcessorSeconds() - processor_;
    std::printf(
        "{\"stage\": \"%s\", \"threads\": %d, \"seconds\": %.3f, \"processor_seconds\": "
        "%.3f, \"mb_per_processor_second\": %.1f}\n",
        name_, omp_get_max_threads(), wall, processor,
        static_cast<double>(bytes) * 1e-6 / processor);
    std::fflush(stdout);
  }

 private:
  const char* const name_;
  const double wall_ = omp_get_wtime(), processor_ = ProcessorSeconds();
};

int Main(const std::string& corpus, int64_t vocabulary_size) {
  const auto files = ListTextFiles(corpus);
  if (!files.ok()) {
    std::fprintf(stderr, "%s\n", files.status().ToString().c_str());
    return 1;
  }
  DocumentOptions options;
  options.unit = DocumentOptions::Unit::kUnindented;
  std::vector<std::string> documents;
  int64_t bytes = 0;
  {
    const Stage stage("read");
    DocumentReader reader(*files, options);
    for (std::vector<std::string> batch;;) {
      if (!reader.Next(batch).ok() || batch.empty()) break;
      for (std::string& document : batch) documents.push_back(std::move(document));
    }
    bytes = reader.counts().bytes;
    stage.Report(bytes);
  }
  WordPieceTokenizer tokenizer(
      {.learn = WordPieceTrainerOptions{.vocabulary_size = vocabulary_size}});
  {
    const Stage stage("learn");
    bool given = false;
    const absl::Status status = tokenizer.Train([&](std::vector<std::string>& next) {
      if (!given) next = documents;
      given = true;
      return absl::OkStatus();
    });
    if (!status.ok()) {
      std::fprintf(stderr, "%s\n", status.ToString().c_str());
      return 1;
    }
    stage.Report(bytes);
  }
  for (int round = 0; round < 5; ++round) {
    // A tokenizer without memories each time.
    if (!tokenizer.Restore(tokenizer.Serialize()).ok()) return 1;
    const Stage stage("tokenize");
#pragma omp parallel
    {
      std::vector<int32_t> ids;
#pragma omp for schedule(dynamic, 64)
      for (size_t i = 0; i < documents.size(); ++i) {
        ids.clear();
        tokenizer.Encode(documents[i], ids);
      }
    }
    int64_t text = 0;
    for (const std::string& document : documents) text += static_cast<int64_t>(document.size());
    stage.Report(text);
  }
  return 0;
}

}  // namespace
}  // namespace pretext

int main(int argc, char** argv) {
  return pretext::Main(argc > 1 ? argv[1] : "third_party/gcide.dict.dz",
                       argc > 2 ? std::atoll(argv[2]) : 8192);
}
