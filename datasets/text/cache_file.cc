#include "datasets/text/cache_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "datasets/text/cache_file.pb.h"

namespace pretext {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kBlock = 4 << 20;  // that has a checksum of its own
constexpr char kMagic[] = "PTXCACH1";
constexpr size_t kTrailer = 8 + 4 + 8;

uint32_t Checksum(const void* bytes, size_t size) {
  return crc32_z(0, static_cast<const Bytef*>(bytes), size);
}

bool WriteAll(int file, const void* bytes, size_t size) {
  for (const char* at = static_cast<const char*>(bytes); size > 0;) {
    const ssize_t written = write(file, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    size -= written;
  }
  return true;
}

}  // namespace

// A section under way: a nameless file, and the block that is not in it yet.
struct CacheFileWriter::Section {
  explicit Section(std::string_view section_name) : name(section_name) {}
  ~Section() {
    if (spool >= 0) close(spool);
  }
  const std::string name;
  int spool = -1;
  uint64_t size = 0;
  std::string block;
  std::vector<uint32_t> checksums;
};

CacheFileWriter::CacheFileWriter(std::string path) : path_(std::move(path)) {}

CacheFileWriter::~CacheFileWriter() {
  if (!aside_.empty()) unlink(aside_.c_str());
}

absl::Status CacheFileWriter::Error(std::string_view what) const {
  return absl::ErrnoToStatus(errno, absl::StrCat(path_, ": the cache cannot be written: ",
                                                 absl::string_view(what.data(), what.size())));
}

absl::StatusOr<std::unique_ptr<CacheFileWriter>> CacheFileWriter::Create(const std::string& path) {
  std::unique_ptr<CacheFileWriter> writer(new CacheFileWriter(path));
  if (absl::Status status = MakeFolders(ParentOf(path), FolderRights::kPrivate); !status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat(path, ": the cache cannot be written: ", status.message()));
  }
  return writer;
}

absl::Status CacheFileWriter::Append(std::string_view name, const void* bytes, size_t size) {
  auto at = std::find_if(sections_.begin(), sections_.end(),
                         [&](const auto& section) { return section->name == name; });
  if (at == sections_.end()) {
    at = sections_.insert(at, std::make_unique<Section>(name));
    const std::string folder = ParentOf(path_);
    std::string spool = absl::StrCat(folder, "/.spool-XXXXXX");
    (*at)->spool = mkostemp(spool.data(), O_CLOEXEC);
    if ((*at)->spool < 0) return Error("no file can be made in its folder");
    unlink(spool.c_str());
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
  if (!WriteAll(section.spool, section.block.data(), section.block.size())) return Error("write");
  section.block.clear();
  return absl::OkStatus();
}

absl::Status CacheFileWriter::Finish(std::string_view key) {
  aside_ = absl::StrCat(path_, ".XXXXXX");
  const int file = mkostemp(aside_.data(), O_CLOEXEC);
  if (file < 0) return Error("no file can be made in its folder");
  const auto write_out = [&]() -> absl::Status {
    CacheFileIndex index;
    index.set_key(key.data(), key.size());
    uint64_t offset = 0;
    std::string block(kBlock, '\0');
    for (const auto& section : sections_) {
      absl::Status status = Flush(*section);
      if (!status.ok()) return status;
      const size_t padding = (kAlignment - offset % kAlignment) % kAlignment;
      if (!WriteAll(file, std::string(padding, '\0').data(), padding)) return Error("write");
      offset += padding;
      CacheFileIndex::Section* entry = index.add_section();
      entry->set_name(section->name);
      entry->set_offset(offset);
      entry->set_size(section->size);
      for (const uint32_t checksum : section->checksums) entry->add_checksum(checksum);
      for (uint64_t done = 0; done < section->size;) {
        const ssize_t got = pread(section->spool, block.data(), block.size(), done);
        if (got <= 0 || !WriteAll(file, block.data(), got)) return Error("write");
        done += got;
      }
      offset += section->size;
    }
    std::string tail;
    index.SerializeToString(&tail);
    const uint64_t index_size = tail.size();
    const uint32_t checksum = Checksum(tail.data(), tail.size());
    tail.append(reinterpret_cast<const char*>(&index_size), sizeof(index_size));
    tail.append(reinterpret_cast<const char*>(&checksum), sizeof(checksum));
    tail.append(kMagic, 8);
    if (!WriteAll(file, tail.data(), tail.size())) return Error("write");
    if (fchmod(file, 0600) != 0 || fsync(file) != 0) return Error("flush");
    return absl::OkStatus();
  };
  const absl::Status status = write_out();
  if (close(file) != 0 && status.ok()) return Error("close");
  if (!status.ok()) return status;
  if (rename(aside_.c_str(), path_.c_str()) != 0) return Error("rename");
  aside_.clear();
  const std::string folder = ParentOf(path_);
  const int directory = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    fsync(directory);
    close(directory);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<CacheFile>> CacheFile::Open(const std::string& path,
                                                           std::string_view key) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return absl::ErrnoToStatus(errno, path);
  struct stat info;
  std::unique_ptr<CacheFile> cache(new CacheFile);
  void* data = MAP_FAILED;
  if (fstat(file, &info) == 0 && info.st_size >= static_cast<off_t>(kTrailer)) {
    cache->size_ = info.st_size;
    data = mmap(nullptr, cache->size_, PROT_READ, MAP_SHARED, file, 0);
  }
  close(file);
  if (data == MAP_FAILED) return absl::DataLossError(absl::StrCat(path, ": is not a whole cache"));
  cache->data_ = static_cast<const char*>(data);
  absl::Status status = cache->Verify(path, key);
  if (!status.ok()) return status;
  return cache;
}

CacheFile::~CacheFile() {
  if (data_ != nullptr) munmap(const_cast<char*>(data_), size_);
}

absl::Status CacheFile::Verify(const std::string& path, std::string_view key) {
  const auto damaged = [&path](const char* what) {
    return absl::DataLossError(absl::StrCat(path, ": is not a whole cache: ", what));
  };
  const char* const trailer = data_ + size_ - kTrailer;
  uint64_t index_size;
  uint32_t checksum;
  std::memcpy(&index_size, trailer, 8);
  std::memcpy(&checksum, trailer + 8, 4);
  if (std::memcmp(trailer + 12, kMagic, 8) != 0) return damaged("its end is missing");
  if (index_size > size_ - kTrailer || index_size > (uint64_t{1} << 31)) return damaged("index");
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
  const uint64_t end = index_data - data_;
  for (const CacheFileIndex::Section& section : index.section()) {
    if (section.offset() % kAlignment != 0 || section.offset() > end ||
        section.size() > end - section.offset() ||
        static_cast<uint64_t>(section.checksum_size()) != (section.size() + kBlock - 1) / kBlock) {
      return damaged("index");
    }
    const char* const data = data_ + section.offset();
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
