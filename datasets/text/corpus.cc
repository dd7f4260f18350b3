#include "datasets/text/corpus.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/npy/npy.h"
#include "datasets/text/document_hash.h"

namespace pretext {

absl::StatusOr<Corpus> OpenCorpus(const std::vector<std::string>& paths) {
  std::vector<TextFile> files;
  for (const std::string& path : paths) {
    absl::StatusOr<std::vector<TextFile>> listed = ListTextFiles(path);
    if (!listed.ok()) return listed.status();
    files.insert(files.end(), listed->begin(), listed->end());
  }
  if (files.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the corpus is empty: there is nothing in ", absl::StrJoin(paths, ", ")));
  }
  return InspectCorpus(files, paths);
}

absl::StatusOr<DocumentReader::Counts> TrainTokenizer(const std::vector<TextFile>& files,
                                                      const DocumentOptions& options,
                                                      double held_out, Tokenizer& tokenizer) {
  DocumentReader reader(files, options);
  bool any = false;
  const auto next_to_train_on = [&](std::vector<std::string>& documents) {
    absl::Status status;
    do {
      status = reader.Next(documents);
      if (!status.ok() || documents.empty()) return status;
      size_t kept = 0;
      for (size_t i = 0; i < documents.size(); ++i) {
        if (IsHeldOut(reader.split_hashes()[i], held_out)) continue;
        if (kept < i) documents[kept] = std::move(documents[i]);
        ++kept;
      }
      documents.resize(kept);
    } while (documents.empty());
    any = true;
    return status;
  };
  const absl::Status status = tokenizer.Train(next_to_train_on);
  if (const int64_t all = reader.counts().documents; !status.ok() && !any && all > 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "learning the vocabulary: held_out keeps ", all == 1 ? "the one document" : "all documents",
        " of the text for the evaluation; take a smaller unit for a document, or another "
        "fraction"));
  }
  if (!status.ok()) {
    const std::string of = files.size() == 1 ? files.front().path
                                             : absl::StrCat(files.size(), " files, ",
                                                            files.front().path, " the first");
    return absl::Status(status.code(),
                        absl::StrCat("learning the vocabulary of ", of, ": ", status.message()));
  }
  return reader.counts();
}

absl::Status ExportTokens(const Dataset& dataset, Split split, const std::string& path) {
  const int64_t sequences = dataset.size(split), length = dataset.type().tokens;
  absl::StatusOr<NpyWriter> writer =
      NpyWriter::Create(path, NpyWriter::Type::kInt32, {sequences, length});
  if (!writer.ok()) return writer.status();
  Sample sample;
  for (int64_t i = 0; i < sequences; ++i) {
    if (absl::Status status = dataset.Read(split, i, sample); !status.ok()) return status;
    if (absl::Status status = writer->Append(sample.tokens.data(), length); !status.ok()) {
      return status;
    }
  }
  return writer->Finish();
}

}  // namespace pretext
