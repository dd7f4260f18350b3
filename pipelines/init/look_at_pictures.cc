#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/image/image_io.h"
#include "base/text/counted.h"
#include "datasets/image_folder/class_folders.h"
#include "datasets/image_folder/picture_files.h"
#include "pipelines/init/data_facts.h"

namespace pretext {
namespace {

// A class has a picture at least to train on, to validate and to test by.
constexpr size_t kLeastOfAClass = 3;

constexpr int64_t kMostLookedAt = 20000;
constexpr int64_t kProposedSide = 64;
constexpr int kFaultsShown = 3;

struct Looked {
  absl::Status status;  // whether it can be read
  int height = 0, width = 0;
  bool grey = false, transparent = false, turned = false;
  uint32_t content = 0;  // the CRC-32 of its file
  size_t bytes = 0;
};

bool IsGrey(const Picture& picture) {
  if (picture.shape.channels == 1) return true;
  const auto plane = static_cast<size_t>(picture.shape.plane());
  const uint8_t* const red = picture.pixels.data();
  return std::equal(red, red + plane, red + plane) && std::equal(red, red + plane, red + 2 * plane);
}

Looked LookAt(const std::string& path, std::string& bytes, Picture& picture) {
  Looked looked;
  try {
    looked.status = ReadPicture(path, DecodeOptions(), bytes, picture);
  } catch (const std::bad_alloc&) {
    looked.status = absl::ResourceExhaustedError(path + ": there is no memory for it");
  }
  if (!looked.status.ok()) return looked;
  looked.height = picture.shape.height;
  looked.width = picture.shape.width;
  looked.grey = IsGrey(picture);
  looked.transparent = picture.transparent;
  looked.turned = picture.turned;
  looked.bytes = bytes.size();
  looked.content =
      static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  return looked;
}

// Decodes all of them.
std::vector<Looked> LookAtAll(const std::vector<std::string>& paths) {
  std::vector<Looked> looked(paths.size());
#pragma omp parallel
  {
    std::string bytes;
    Picture picture;
#pragma omp for schedule(dynamic, 4)
    for (size_t i = 0; i < paths.size(); ++i) looked[i] = LookAt(paths[i], bytes, picture);
  }
  return looked;
}

// Files in some order of their folders: of many, those that are looked at are spread over all.
std::vector<std::string> Spread(const std::vector<PictureFile>& files) {
  const auto n = static_cast<int64_t>(files.size());
  const int64_t take = std::min(n, kMostLookedAt);
  std::vector<std::string> paths;
  for (int64_t i = 0; i < take; ++i) paths.push_back(files[static_cast<size_t>(i * n / take)].path);
  return paths;
}

// Why a picture and its mirror image may be of two classes.
std::string MirrorMatters(const std::vector<std::string>& classes) {
  if (classes.empty()) return "";
  const bool signs = std::all_of(classes.begin(), classes.end(),
                                 [](const std::string& name) { return name.size() <= 2; });
  if (signs) {
    return absl::StrCat("the classes are called ", classes.front(), ", ", classes.back(),
                        " …: letters or digits");
  }
  for (const std::string& name : classes) {
    for (const char* side : {"left", "right"}) {
      if (absl::AsciiStrToLower(name).find(side) != std::string::npos)
        return absl::StrCat("a class is called ", name);
    }
  }
  return "";
}

// The proposed size: that of the pictures if they are alike and small, else squares.
void ProposeSize(std::vector<std::pair<int, int>> sizes, DataFacts& facts) {
  std::vector<int> sides;
  for (const auto& [height, width] : sizes) sides.push_back(std::min(height, width));
  std::sort(sides.begin(), sides.end());
  const int64_t side = sides[sides.size() / 2];
  const bool alike = std::set<std::pair<int, int>>(sizes.begin(), sizes.end()).size() == 1;
  facts.larger = side > kProposedSide;
  if (alike && std::max(sizes[0].first, sizes[0].second) <= kProposedSide) {
    facts.height = sizes[0].first;
    facts.width = sizes[0].second;
  } else {
    facts.height = facts.width = std::clamp<int64_t>((side + 7) / 8 * 8, 8, kProposedSide);
  }
}

std::string SizesText(const std::vector<std::pair<int, int>>& sizes) {
  std::vector<int> heights, widths;
  for (const auto& [height, width] : sizes) {
    heights.push_back(height);
    widths.push_back(width);
  }
  std::sort(heights.begin(), heights.end());
  std::sort(widths.begin(), widths.end());
  const size_t middle = sizes.size() / 2;
  if (heights.front() == heights.back() && widths.front() == widths.back())
    return absl::StrCat("all of ", widths[0], "×", heights[0], " pixels");
  return absl::StrCat("from ", widths.front(), "×", heights.front(), " to ", widths.back(), "×",
                      heights.back(), " pixels, the middle one ", widths[middle], "×",
                      heights[middle]);
}

// The training pictures, and what their folders say of classes and a test split.
struct Listed {
  std::string train;
  std::vector<std::string> classes;
  PictureFiles pictures;
  std::string fields;  // of the dataset, which read them
};

// Whether the test pictures have class folders exactly where the training pictures have, and none
// that these have not.
bool ClassesFit(const std::vector<std::string>& train, const std::string& test) {
  const absl::StatusOr<std::vector<std::string>> own = ListClasses(test);
  return own.ok() && own->empty() == train.empty() &&
         std::includes(train.begin(), train.end(), own->begin(), own->end());
}

absl::StatusOr<Listed> ListTraining(const std::string& path, DataFacts& facts) {
  Listed listed{.train = path};
  absl::StatusOr<std::vector<std::string>> classes = ListClasses(path);
  Parts parts;
  if (classes.ok()) parts = FindParts(path, *classes);
  const bool in_parts = !parts.train.empty();
  const std::string test = in_parts ? FolderOf(path, parts.test) : "";
  if (in_parts) {
    listed.train = FolderOf(path, parts.train);
    classes = ListClasses(listed.train);
  }
  const auto without_classes = [&](const std::string& why) {
    facts.no_labels = true;
    facts.found.push_back(why);
    classes = std::vector<std::string>();
  };
  if (!classes.ok()) {
    without_classes(
        absl::StrCat("folders are not taken for classes: ", classes.status().message()));
  }
  // Folders without pictures are no classes that can be learnt; ImageFolder would refuse them.
  if (!classes->empty() && !CheckPictures(listed.train, *classes).ok())
    without_classes("a folder has no pictures in it, so folders are not taken for classes");
  auto pictures = ListPictures(listed.train, *classes, /*every_class=*/false);
  if (!pictures.ok()) return pictures.status();
  if (pictures->files.size() < kLeastOfAClass * classes->size()) {
    without_classes(absl::StrCat("there are fewer than ", kLeastOfAClass,
                                 " pictures a folder, so folders are not taken for classes"));
    for (PictureFile& file : pictures->files) file.label = -1;
  }
  // ImageFolder looks for parts where it takes folders for classes.
  const bool fits = in_parts && (facts.no_labels || ClassesFit(*classes, test));
  listed.fields = absl::StrCat(
      "    directory: ", QuotedPath(fits && !facts.no_labels ? path : listed.train), "\n");
  if (fits) {
    const auto of_test = ListPictures(test, {}, false);
    if (of_test.ok()) facts.test_samples = static_cast<int64_t>(of_test->files.size());
    facts.found.push_back(absl::StrCat("the folders ", parts.train, " and ", parts.test,
                                       " are taken for the training and the test pictures"));
    if (facts.no_labels)
      absl::StrAppend(&listed.fields, "    test_directory: ", QuotedPath(test), "\n");
  } else if (in_parts) {
    facts.found.push_back(absl::StrCat("the folder ", parts.test,
                                       " is left out: its class folders are not those of ",
                                       parts.train));
  }
  if (facts.no_labels) absl::StrAppend(&listed.fields, "    labels: NONE\n");
  listed.pictures = *std::move(pictures);
  listed.classes = *std::move(classes);
  return listed;
}

// Of the pictures that were looked at.
struct Seen {
  std::vector<std::pair<int, int>> sizes;  // of those that can be read
  std::set<std::pair<uint32_t, size_t>> contents;
  int64_t grey = 0, transparent = 0, turned = 0, damaged = 0;
  std::string faults;
};

Seen Summed(const std::vector<Looked>& looked_at) {
  Seen seen;
  for (const Looked& picture : looked_at) {
    if (!picture.status.ok()) {
      if (++seen.damaged <= kFaultsShown)
        absl::StrAppend(&seen.faults, "; ", picture.status.message());
      continue;
    }
    seen.sizes.emplace_back(picture.height, picture.width);
    seen.contents.emplace(picture.content, picture.bytes);
    seen.grey += picture.grey;
    seen.transparent += picture.transparent;
    seen.turned += picture.turned;
  }
  return seen;
}

// What is to be known of them, in words.
void Tell(const Listed& listed, const Seen& seen, DataFacts& facts) {
  const auto read = static_cast<int64_t>(seen.sizes.size());
  const auto all = static_cast<int64_t>(listed.pictures.files.size());
  const auto say = [&](const std::string& text) { facts.found.push_back(text); };
  say(absl::StrCat(
      CountOf(all, "picture", "pictures"),
      listed.classes.empty() ? ", no classes"
                             : absl::StrCat(" in ", CountOf(facts.classes, "class", "classes")),
      facts.test_samples > 0 ? absl::StrCat(", and ", Counted(facts.test_samples), " test pictures")
                             : ""));
  say(SizesText(seen.sizes));
  say(seen.grey == read ? "all grey"
      : seen.grey > 0   ? absl::StrCat("in colour, ", Counted(seen.grey), " of them grey")
                        : "in colour");
  AddCopies(facts);
  if (seen.transparent > 0) {
    say(absl::StrCat(CountOf(seen.transparent, "has transparent parts", "have transparent parts"),
                     ": these lie on white; dataset.background changes it"));
  }
  if (seen.turned > 0) say(CountOf(seen.turned, "is turned", "are turned") + " as its EXIF says");
  if (seen.damaged > 0) {
    say(absl::StrCat(CountOf(seen.damaged, "cannot be read", "cannot be read"), ", left out",
                     seen.faults, seen.damaged > kFaultsShown ? "; …" : ""));
  }
  const std::string more = listed.pictures.passed_over.ToString();
  if (!more.empty()) say("passed over " + more);
  if (all > kMostLookedAt) say(absl::StrCat("looked at ", Counted(kMostLookedAt), " of them"));
}

}  // namespace

absl::StatusOr<DataFacts> LookAtPictures(const std::string& path) {
  DataFacts facts;
  facts.kind = DataFacts::Kind::kPictures;
  facts.path = path;
  const absl::StatusOr<Listed> listed = ListTraining(path, facts);
  if (!listed.ok()) return listed.status();
  const std::vector<std::string> paths = Spread(listed->pictures.files);
  const auto start = std::chrono::steady_clock::now();
  const std::vector<Looked> looked_at = LookAtAll(paths);
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  facts.seconds_to_read = passed.count() / static_cast<double>(paths.size());

  Seen seen = Summed(looked_at);
  if (seen.sizes.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(listed->train, ": none of ",
                                                   CountOf(seen.damaged, "picture", "pictures"),
                                                   " can be read", seen.faults));
  }
  const auto read = static_cast<int64_t>(seen.sizes.size());
  facts.samples = static_cast<int64_t>(listed->pictures.files.size()) - seen.damaged;
  facts.classes = static_cast<int64_t>(listed->classes.size());
  facts.channels = seen.grey == read ? 1 : 3;
  facts.mirrored = MirrorMatters(listed->classes);
  facts.copies = read - static_cast<int64_t>(seen.contents.size());
  ProposeSize(seen.sizes, facts);
  Tell(*listed, seen, facts);
  facts.fields = listed->fields;
  return facts;
}

}  // namespace pretext
