#include "datasets/text/packing.h"

#include <algorithm>

#include "base/check/check.h"

namespace pretext {
namespace {

constexpr int64_t kStride = 64;  // documents between two entries of sequences_before_

}  // namespace

Packing::Packing(const TokenizedDocuments& documents, const PackingOptions& options)
    : documents_(documents), options_(options), payload_(options.length - 2) {
  PRETEXT_CHECK(options.length >= 3, "[CLS], a token, [SEP]");
  if (documents.documents == 0) return;
  if (options.mix_documents) {
    const int64_t stream = documents.tokens + documents.documents - 1;  // with a [SEP] between two
    size_ = (stream + payload_ - 1) / payload_;
    return;
  }
  for (int64_t d = 0; d < documents.documents; ++d) {
    if (d % kStride == 0) sequences_before_.push_back(size_);
    size_ += SequencesOf(d);
  }
}

int64_t Packing::SequencesOf(int64_t document) const {
  const int64_t tokens = documents_.End(document) - documents_.Begin(document);
  return (tokens + payload_ - 1) / payload_;
}

int64_t Packing::Read(int64_t index, int32_t* ids) const {
  ids[0] = options_.special.cls;
  const int64_t content =
      options_.mix_documents ? ReadMixed(index, ids + 1) : ReadApart(index, ids + 1);
  ids[1 + content] = options_.special.sep;
  std::fill(ids + content + 2, ids + options_.length, options_.special.pad);
  return content + 2;
}

int64_t Packing::ReadMixed(int64_t index, int32_t* ids) const {
  // In the stream a document's tokens and the [SEP] after it end at End(d) + d + 1.
  uint64_t at = index * payload_;
  int64_t first = 0, last = documents_.documents - 1;  // the first document that ends beyond `at`
  while (first < last) {
    const int64_t middle = (first + last) / 2;
    if (documents_.End(middle) + middle + 1 > at) {
      last = middle;
    } else {
      first = middle + 1;
    }
  }
  int64_t written = 0;
  for (int64_t d = first; d < documents_.documents && written < payload_; ++d) {
    const uint64_t token = at - d;  // there is a [SEP] for every document before
    const int64_t count = std::min<int64_t>(documents_.End(d) - token, payload_ - written);
    documents_.Copy(token, count, ids + written);
    written += count;
    at += count;
    if (written < payload_ && d + 1 < documents_.documents) {
      ids[written++] = options_.special.sep;
      ++at;
    }
  }
  return written;
}

int64_t Packing::ReadApart(int64_t index, int32_t* ids) const {
  const auto after = std::upper_bound(sequences_before_.begin(), sequences_before_.end(), index);
  const int64_t entry = after - sequences_before_.begin() - 1;
  int64_t document = entry * kStride;
  int64_t part = index - sequences_before_[entry];
  while (part >= SequencesOf(document)) part -= SequencesOf(document++);
  const uint64_t begin = documents_.Begin(document) + part * payload_;
  const int64_t count = std::min<int64_t>(documents_.End(document) - begin, payload_);
  documents_.Copy(begin, count, ids);
  return count;
}

}  // namespace pretext
