#include "datasets/cache_file/cache_file.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "base/file/spool_file.h"
#include "datasets/cache_file/cache_file.pb.h"

namespace pretext {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kBlock = 4 << 20;  // that has a checksum of its own
constexpr char kMagic[] = "PTXCACH1";
constexpr size_t kTrailer = 8 + 4 + 8;

uint32_t Checksum(const void* bytes, size_t size) {
  return crc32_z(0, static_cast<const Bytef*>(bytes), size);
}

absl::Status CannotWrite(const std::string& path, const absl::Status& why) {
  if (why.ok()) return why;
  return absl::Status(why.code(),
                      absl::StrCat(path, ": the cache cannot be written: ", why.message()));
}

}  // namespace

// A section under way: what is on the disk, and the block that is not yet.
struct CacheFileWriter::Section {
  std::string name;
  std::unique_ptr<SpoolFile> spool;
  uint64_t size = 0;
  std::string block;
  std::vector<uint32_t> checksums;
};

CacheFileWriter::CacheFileWriter(std::string path, FileRights rights)
    : path_(std::move(path)), rights_(rights) {}

CacheFileWriter::~CacheFileWriter() = default;

absl::StatusOr<std::unique_ptr<CacheFileWriter>> CacheFileWriter::Create(const std::string& path,
                                                                         FileRights rights) {
  const absl::Status status = MakeFolders(ParentOf(path), rights);
  if (!status.ok()) return CannotWrite(path, status);
  return std::unique_ptr<CacheFileWriter>(new CacheFileWriter(path, rights));
}

absl::Status CacheFileWriter::Append(std::string_view name, const void* bytes, size_t size) {
  auto at = std::find_if(sections_.begin(), sections_.end(),
                         [&](const auto& section) { return section->name == name; });
  if (at == sections_.end()) {
    absl::StatusOr<std::unique_ptr<SpoolFile>> spool = SpoolFile::Create(ParentOf(path_));
    if (!spool.ok()) return CannotWrite(path_, spool.status());
    at = sections_.insert(at, std::make_unique<Section>());
    (*at)->name = name;
    (*at)->spool = *std::move(spool);
  }
  Section& section = **at;
  section.size += size;
  for (const char* from = static_cast<const char*>(bytes); size > 0;) {
    const size_t take = std::min(size, kBlock - section.block.size());
    section.block.append(from, take);
    from += take;
    size -= take;
    if (section.block.size() < kBlock) break;
    absl::Status status = Flush(section);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CacheFileWriter::Flush(Section& section) {
  if (section.block.empty()) return absl::OkStatus();
  section.checksums.push_back(Checksum(section.block.data(), section.block.size()));
  const absl::Status status = section.spool->Append(section.block);
  section.block.clear();
  return CannotWrite(path_, status);
}

absl::Status CacheFileWriter::Finish(std::string_view key) {
  absl::StatusOr<std::unique_ptr<FileWriter>> file = FileWriter::Create(path_, rights_);
  if (!file.ok()) return CannotWrite(path_, file.status());
  CacheFileIndex index;
  index.set_key(key.data(), key.size());
  uint64_t offset = 0;
  for (const auto& section : sections_) {
    absl::Status status = Flush(*section);
    if (!status.ok()) return status;
    const size_t padding = (kAlignment - offset % kAlignment) % kAlignment;
    status = (*file)->Append(std::string(padding, '\0'));
    if (status.ok()) status = section->spool->CopyTo(**file);
    if (!status.ok()) return CannotWrite(path_, status);
    offset += padding;
    CacheFileIndex::Section* entry = index.add_section();
    entry->set_name(section->name);
    entry->set_offset(offset);
    entry->set_size(section->size);
    for (const uint32_t checksum : section->checksums) entry->add_checksum(checksum);
    offset += section->size;
  }
  std::string tail;
  index.SerializeToString(&tail);
  const uint64_t index_size = tail.size();
  const uint32_t checksum = Checksum(tail.data(), tail.size());
  tail.append(reinterpret_cast<const char*>(&index_size), sizeof(index_size));
  tail.append(reinterpret_cast<const char*>(&checksum), sizeof(checksum));
  tail.append(kMagic, 8);
  const absl::Status status = (*file)->Append(tail);
  return CannotWrite(path_, status.ok() ? (*file)->Commit() : status);
}

absl::StatusOr<std::unique_ptr<CacheFile>> CacheFile::Open(const std::string& path,
                                                           std::string_view key) {
  absl::StatusOr<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  if (file->contents().size() < kTrailer) {
    return absl::DataLossError(absl::StrCat(path, ": is not a whole cache"));
  }
  std::unique_ptr<CacheFile> cache(new CacheFile(*std::move(file)));
  absl::Status status = cache->Verify(path, key);
  if (!status.ok()) return status;
  return cache;
}

absl::Status CacheFile::Verify(const std::string& path, std::string_view key) {
  const auto damaged = [&path](const char* what) {
    return absl::DataLossError(absl::StrCat(path, ": is not a whole cache: ", what));
  };
  const char* const begin = file_.contents().data();
  const size_t size = file_.contents().size();
  const char* const trailer = begin + size - kTrailer;
  uint64_t index_size;
  uint32_t checksum;
  std::memcpy(&index_size, trailer, 8);
  std::memcpy(&checksum, trailer + 8, 4);
  if (std::memcmp(trailer + 12, kMagic, 8) != 0) return damaged("its end is missing");
  if (index_size > size - kTrailer || index_size > (uint64_t{1} << 31)) return damaged("index");
  const char* const index_data = trailer - index_size;
  CacheFileIndex index;
  if (Checksum(index_data, index_size) != checksum ||
      !index.ParseFromArray(index_data, static_cast<int>(index_size))) {
    return damaged("index");
  }
  if (index.key() != key) {
    return absl::DataLossError(absl::StrCat(path, ": was made from something else"));
  }

  struct Block {
    const char* data;
    size_t size;
    uint32_t checksum;
  };
  std::vector<Block> blocks;
  const uint64_t end = index_data - begin;
  for (const CacheFileIndex::Section& section : index.section()) {
    if (section.offset() % kAlignment != 0 || section.offset() > end ||
        section.size() > end - section.offset() ||
        static_cast<uint64_t>(section.checksum_size()) != (section.size() + kBlock - 1) / kBlock) {
      return damaged("index");
    }
    const char* const data = begin + section.offset();
    sections_[section.name()] = std::string_view(data, section.size());
    for (int i = 0; i < section.checksum_size(); ++i) {
      blocks.push_back({data + i * kBlock, std::min<size_t>(kBlock, section.size() - i * kBlock),
                        section.checksum(i)});
    }
  }
  int64_t bad = 0;
#pragma omp parallel for schedule(dynamic) reduction(+ : bad) if (blocks.size() > 3)
  for (size_t i = 0; i < blocks.size(); ++i) {
    bad += Checksum(blocks[i].data, blocks[i].size) != blocks[i].checksum;
  }
  return bad == 0 ? absl::OkStatus() : damaged("a block's checksum does not match");
}

std::string_view CacheFile::Section(std::string_view name) const {
  const auto at = sections_.find(std::string(name));
  return at == sections_.end() ? std::string_view() : at->second;
}

}  // namespace pretext
