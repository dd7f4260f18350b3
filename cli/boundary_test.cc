#include "cli/boundary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <dnnl.hpp>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "core/tensor/tensor.h"

namespace pretext {
namespace {

using testing::HasSubstr;

template <typename Exception>
absl::Status StatusOf(const Exception& thrown) {
  return CatchExceptions([&]() -> absl::Status { throw thrown; });
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(Boundary, WhatIsReturnedGoesThrough) {
  EXPECT_TRUE(CatchExceptions([] { return absl::OkStatus(); }).ok());
  EXPECT_EQ(CatchExceptions([] { return absl::NotFoundError("a"); }), absl::NotFoundError("a"));
}

TEST(Boundary, EachExceptionHasItsCodeAndItsReason) {
  EXPECT_EQ(StatusOf(std::bad_alloc()).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Message(StatusOf(std::bad_alloc())), HasSubstr("out of memory"));
  const absl::Status path = CatchExceptions([]() -> absl::Status {
    return absl::InternalError(std::to_string(std::filesystem::file_size("/no/such/file")));
  });
  EXPECT_EQ(path.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(path), HasSubstr("/no/such/file: No such file"));
  const std::error_code again = std::make_error_code(std::errc::resource_unavailable_try_again);
  EXPECT_THAT(Message(StatusOf(std::system_error(again))), HasSubstr("temporarily unavailable"));
  EXPECT_THAT(Message(StatusOf(dnnl::error(dnnl_invalid_arguments, "no such primitive"))),
              HasSubstr("no such primitive"));
  EXPECT_EQ(StatusOf(dnnl::error(dnnl_out_of_memory, "")).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Message(StatusOf(std::length_error("too long"))), HasSubstr("too long"));
  EXPECT_EQ(StatusOf(7).code(), absl::StatusCode::kInternal);
}

// No machine has 2^60 bytes (and 64 for the pool): the tensor's own words come through.
TEST(Boundary, ATensorThatIsTooLargeSaysHowLargeItIs) {
  const absl::Status status = CatchExceptions([] {
    Tensor::Uninitialized({int64_t{1} << 29, int64_t{1} << 29});
    return absl::OkStatus();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Message(status), HasSubstr("needs 1152921504606847040 bytes"));
}

// Where nobody can catch: a thread of its own, and a team of OpenMP's.
void ThrowOnAThread() {
  EndOnUncaughtExceptions();
  std::thread([] { throw std::bad_alloc(); }).join();
}

void ThrowInATeam() {
  EndOnUncaughtExceptions();
#pragma omp parallel num_threads(2)
  { throw std::bad_alloc(); }
}

TEST(BoundaryDeathTest, OnAnotherThreadTheMessageIsTheSame) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(ThrowOnAThread(), testing::ExitedWithCode(1), "out of memory");
  EXPECT_EXIT(ThrowInATeam(), testing::ExitedWithCode(1), "out of memory");
}

}  // namespace
}  // namespace pretext
