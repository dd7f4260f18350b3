#include "base/file/aside.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <utility>

#include "base/file/file_writer.h"
#include "base/file/testing.h"

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;
using testing::StartsWith;
using testing::UnorderedElementsAre;

// What a process that ends without a word, as by SIGKILL, does before.
void InAProcessThatEnds(const std::function<void()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    act();
    _exit(0);
  }
  int state = 0;
  ASSERT_EQ(waitpid(child, &state, 0), child);
  ASSERT_TRUE(WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

// A folder with something in it that is never put in its place.
void Leave(const std::string& path) {
  auto aside = AsideFolder::Create(path);
  ASSERT_TRUE(aside.ok()) << aside.status();
  ASSERT_TRUE(WriteFileAtomically((*aside)->name() + "/file", "x").ok());
  [[maybe_unused]] const AsideFolder* const left = aside->release();
}

TEST(AsideFolder, IsPutInItsPlaceOrGone) {
  const TestFolder folder;
  {
    const auto aside = AsideFolder::Create(folder / "a");
    ASSERT_TRUE(aside.ok()) << aside.status();
    ASSERT_TRUE(WriteFileAtomically((*aside)->name() + "/file", "x").ok());
    EXPECT_THAT(folder.Names(), ElementsAre(EndsWith(".part")));
  }
  EXPECT_THAT(folder.Names(), IsEmpty());
  {
    const auto aside = AsideFolder::Create(folder / "a");
    ASSERT_TRUE(WriteFileAtomically((*aside)->name() + "/file", "x").ok());
    ASSERT_TRUE((*aside)->PutInPlace().ok());
  }
  EXPECT_THAT(folder.Names(), ElementsAre("a"));
  EXPECT_THAT(*ListFolder(folder / "a"), ElementsAre("file"));
}

TEST(AsideFolder, WhatAKilledProcessLeftIsRemovedByTheNextForTheSamePath) {
  const TestFolder folder;
  InAProcessThatEnds([&] { Leave(folder / "a"); });
  InAProcessThatEnds([&] { Leave(folder / "b"); });
  for (const char* const users : {".a.1-0.old", ".a.x-0.part", ".a.part", "a.1-0.part"})
    ASSERT_TRUE(MakeFolders(folder / users).ok());
  ASSERT_EQ(folder.Names().size(), 6u);
  const auto aside = AsideFolder::Create(folder / "a");
  ASSERT_TRUE(aside.ok()) << aside.status();
  EXPECT_THAT(*ListFolder((*aside)->name()), IsEmpty());
  ASSERT_TRUE((*aside)->PutInPlace().ok());
  EXPECT_THAT(folder.Names(), UnorderedElementsAre("a", StartsWith(".b."), ".a.1-0.old",
                                                   ".a.x-0.part", ".a.part", "a.1-0.part"));
}

TEST(AsideFolder, OneThatIsBeingWrittenStays) {
  const TestFolder folder;
  const auto first = AsideFolder::Create(folder / "a");
  ASSERT_TRUE(first.ok());
  const auto second = AsideFolder::Create(folder / "a");
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(folder.Names().size(), 2u);
  // Nor where locks say nothing.
  InAProcessThatEnds([&] { Leave(folder / "b"); });
  EXPECT_EQ(folder.Names().size(), 3u);
  Calls([&] { EXPECT_TRUE(AsideFolder::Create(folder / "b").ok()); }, Kind::kLock, ENOLCK);
  EXPECT_EQ(folder.Names().size(), 3u);
}

TEST(RemoveAsides, LeavesWhatIsInItsPlaceAlone) {
  const TestFolder folder;
  InAProcessThatEnds([&] {
    Leave(folder / "a");
    // Of a file system without nameless files.
    bool first = true;
    const FileWatch watch([&](const FileCall& call) {
      return call.kind == Kind::kOpen && std::exchange(first, false) ? EOPNOTSUPP : 0;
    });
    const auto writer = FileWriter::Create(folder / "b");
    if (folder.Names().size() != 2) _exit(1);
    if (!WriteFileAtomically(folder / "c", "x").ok()) _exit(1);
    RemoveAsides();
    _exit(0);
  });
  EXPECT_THAT(folder.Names(), ElementsAre("c"));
}

}  // namespace
}  // namespace pretext
