#include "processes/block_sums.h"

#include <algorithm>

#include "base/parallel/parallel.h"
#include "core/group/block_member.h"

namespace pretext {
namespace {

// Floats that are added at a time: the halves of a node stay in the cache.
constexpr int64_t kPiece = 4096;

}  // namespace

BlockRange BlocksOf(int rank, int size, int blocks) {
  return {static_cast<int>(FirstSample(blocks, rank, size)),
          static_cast<int>(FirstSample(blocks, rank + 1, size))};
}

BlockSums::BlockSums(int rank, int size, int blocks)
    : rank_(rank), size_(size), blocks_(blocks), own_(BlocksOf(rank, size, blocks)) {}

absl::Status BlockSums::Sum(const std::vector<Addends>& addends, Processes& line, Order order) {
  if (size_ > 1) {
    return order == Order::kTree ? SumOverProcesses(addends, line) : SumFast(addends, line);
  }
  for (const Addends& each : addends) {
    ParallelBlocks(each.count, kPiece, blocks_, [&](int64_t begin, int64_t end) {
      float sum[kPiece];  // apart: the sums may be one of the addends
      SumOwn({0, blocks_}, each, begin, end - begin, sum);
      std::copy_n(sum, end - begin, each.sums + begin);
    });
  }
  return absl::OkStatus();
}

void BlockSums::SumOwn(const BlockRange& node, const Addends& addends, int64_t begin, int64_t count,
                       float* sum) const {
  std::vector<float> zeros;
  const auto value = [&](const BlockRange& part) -> const float* {
    if (part.size() > 1) return nullptr;
    const float* const values = addends.values[static_cast<size_t>(part.begin - own_.begin)];
    if (values != nullptr) return values + begin;
    zeros.resize(static_cast<size_t>(count));
    return zeros.data();
  };
  SumNode(node, count, value, sum);
}

absl::Status BlockSums::SumFast(const std::vector<Addends>& addends, Processes& line) {
  int64_t total = 0;
  for (const Addends& each : addends) total += each.count;
  sum_.resize(static_cast<size_t>(total));
  float* sum = sum_.data();
  const std::vector<BlockRange> nodes = NodesWithin(blocks_, own_);
  for (const Addends& each : addends) {
    ParallelBlocks(each.count, kPiece, own_.size(), [&](int64_t begin, int64_t end) {
      SumOwn(nodes.front(), each, begin, end - begin, sum + begin);
      float next[kPiece];
      for (size_t n = 1; n < nodes.size(); ++n) {
        SumOwn(nodes[n], each, begin, end - begin, next);
        for (int64_t i = begin; i < end; ++i) sum[i] += next[i - begin];
      }
    });
    sum += each.count;
  }
  if (absl::Status status = line.AddUp(sum_.data(), total); !status.ok()) return status;
  sum = sum_.data();
  for (const Addends& each : addends) {
    std::copy_n(sum, each.count, each.sums);
    sum += each.count;
  }
  return absl::OkStatus();
}

// All addends one behind the other are cut into a slice a process: each sends its nodes of a slice
// to the slice's process, which adds them and sends the sum to all. Of S floats and n nodes of a
// process (one where G / k is a power of two) it sends (n + 1) S (k - 1) / k.
absl::Status BlockSums::SumOverProcesses(const std::vector<Addends>& addends, Processes& line) {
  int64_t total = 0;
  for (const Addends& each : addends) total += each.count;
  const auto slice = [&](int r) { return total * r / size_; };

  const std::vector<BlockRange> own_nodes = NodesWithin(blocks_, own_);
  node_sums_.resize(own_nodes.size());
  for (std::vector<float>& sum : node_sums_) sum.resize(static_cast<size_t>(total));
  int64_t offset = 0;
  for (const Addends& each : addends) {
    ParallelBlocks(each.count, kPiece, own_.size(), [&](int64_t begin, int64_t end) {
      for (size_t n = 0; n < own_nodes.size(); ++n)
        SumOwn(own_nodes[n], each, begin, end - begin, node_sums_[n].data() + offset + begin);
    });
    offset += each.count;
  }

  // The nodes of all processes of this one's slice.
  const int64_t first = slice(rank_), length = slice(rank_ + 1) - first;
  struct Part {
    BlockRange node;
    const float* values;
  };
  std::vector<Part> parts;
  std::vector<Processes::Message> out, in;
  size_t taken = 0;
  for (int r = 0; r < size_; ++r) {
    const std::vector<BlockRange> nodes = NodesWithin(blocks_, BlocksOf(r, size_, blocks_));
    for (size_t n = 0; n < nodes.size(); ++n) {
      if (r == rank_) {
        parts.push_back({nodes[n], node_sums_[n].data() + first});
        continue;
      }
      if (taken == taken_.size()) taken_.emplace_back();
      std::vector<float>& part = taken_[taken++];
      part.resize(static_cast<size_t>(length));
      parts.push_back({nodes[n], part.data()});
      in.push_back({r, part.data(), part.size() * 4});
    }
    if (r == rank_) continue;
    for (std::vector<float>& sum : node_sums_)
      out.push_back({r, sum.data() + slice(r), static_cast<size_t>(slice(r + 1) - slice(r)) * 4});
  }
  if (absl::Status status = line.Exchange(out, in); !status.ok()) return status;

  sum_.resize(static_cast<size_t>(total));
  ParallelBlocks(length, kPiece, blocks_, [&](int64_t begin, int64_t end) {
    const auto value = [&](const BlockRange& node) -> const float* {
      const auto found = std::find_if(parts.begin(), parts.end(),
                                      [&](const Part& part) { return part.node == node; });
      return found == parts.end() ? nullptr : found->values + begin;
    };
    SumNode({0, blocks_}, end - begin, value, sum_.data() + first + begin);
  });

  out.clear();
  in.clear();
  for (int r = 0; r < size_; ++r) {
    if (r == rank_) continue;
    out.push_back({r, sum_.data() + first, static_cast<size_t>(length) * 4});
    in.push_back({r, sum_.data() + slice(r), static_cast<size_t>(slice(r + 1) - slice(r)) * 4});
  }
  if (absl::Status status = line.Exchange(out, in); !status.ok()) return status;
  offset = 0;
  for (const Addends& each : addends) {
    std::copy_n(sum_.data() + offset, each.count, each.sums);
    offset += each.count;
  }
  return absl::OkStatus();
}

}  // namespace pretext
