"""The lint test of a package: formatting and documentation of its own files, cached like any test."""

load("//tools:own_checkout.bzl", "OWN_CHECKOUT")

def lint():
    """Makes the test `lint` of this package, once; in another workspace nothing: its style is its own."""
    if not OWN_CHECKOUT or native.existing_rule("lint"):
        return

    # The root has no sources below itself that are not a package's, but Bazel's output folders.
    below = "**/*" if native.package_name() else "*"
    files = native.glob([below + end for end in [
        ".h",
        ".cc",
        ".proto",
        ".bzl",
        "BUILD",
    ]])
    native.sh_test(
        name = "lint",
        size = "small",
        srcs = ["//tools:lint.sh"],
        args = ["$(rootpath %s)" % file for file in files],
        data = files + [
            "//:.clang-format",
            "//tools:arrows.awk",
            "@buildifier//:buildifier",
        ],
        tags = ["lint"],
    )
