"""cc_library, cc_test and cc_binary as this repository wants them: strict warnings here, and a lint test a package."""

load("//tools:lint.bzl", "lint")
load("//tools:own_checkout.bzl", "OWN_CHECKOUT")

# A warning is an error for us, never for a workspace that depends on this one with another compiler.
_COPTS = ["-Werror"] if OWN_CHECKOUT else []

# For sources that use Eigen's reductions: GCC 12's own AVX-512 header starts a vector from itself (its bug 105593).
AVX512_HEADER_COPTS = [
    "-Wno-maybe-uninitialized",
    "-Wno-uninitialized",
]

def pretext_cc_library(name, copts = [], **kwargs):
    native.cc_library(
        name = name,
        copts = _COPTS + copts,
        linkstatic = True,
        **kwargs
    )
    lint()

def pretext_cc_test(name, srcs, copts = [], deps = [], size = "small", **kwargs):
    """A GoogleTest; the main function comes with it."""
    native.cc_test(
        name = name,
        size = size,
        srcs = srcs,
        copts = _COPTS + copts,
        linkstatic = True,
        deps = deps + ["@googletest//:gtest_main"],
        **kwargs
    )
    lint()

def pretext_cc_binary(name, copts = [], **kwargs):
    native.cc_binary(
        name = name,
        copts = _COPTS + copts,
        linkstatic = True,
        **kwargs
    )
    lint()
