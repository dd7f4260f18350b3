"""Every external dependency, as overlays over what Debian installs under /usr.

Call pretext_repositories() in a WORKSPACE: this one's, or that of a workspace that adds plugins.
Each overlay has a folder here with its BUILD file. What a newer Bazel needs changed is in this folder.
"""

load("//tools:plugin_list.bzl", "plugin_list")

def _in_repo_impl(ctx):
    for target, label in ctx.attr.files.items():
        ctx.symlink(Label(label), target)
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)
    for build in ctx.attr.empty_builds:
        ctx.file(build, "")

# A repository made of files of this one: a stand-in for rules that the distribution lacks or that do not fit its Bazel.
_in_repo = repository_rule(
    implementation = _in_repo_impl,
    attrs = {
        "empty_builds": attr.string_list(),
        "files": attr.string_dict(doc = "path in the repository -> label of the file"),
    },
)

def _library(name):
    """A library whose headers are in the compiler's own search path: the overlay names what to link."""
    _in_repo(
        name = name,
        files = {"BUILD": "@pretext//third_party:%s/overlay.BUILD" % name},
    )

def _folder(name, path):
    """The files of a folder under /usr, as the overlay presents them."""
    native.new_local_repository(
        name = name,
        build_file = "@pretext//third_party:%s/overlay.BUILD" % name.replace("com_google_", ""),
        path = path,
    )

def pretext_repositories():
    """Declares the overlays; a second declaration of the same name is left alone."""
    if native.existing_rule("rules_cc"):
        return
    _in_repo(
        name = "rules_cc",
        empty_builds = ["BUILD", "cc/BUILD"],
        files = {"cc/defs.bzl": "@pretext//third_party:rules_cc/defs.bzl"},
    )
    _in_repo(
        name = "remote_coverage_tools",
        files = {"BUILD": "@pretext//third_party:remote_coverage_tools/overlay.BUILD"},
    )
    native.local_repository(name = "rules_proto", path = "/usr/share/bazel/rules/proto")
    native.local_repository(name = "rules_java", path = "/usr/share/bazel/rules/java")
    _folder("com_google_protobuf", "/usr")
    _folder("eigen", "/usr/include/eigen3")
    _folder("fashion_mnist", "/usr/share/datasets/fashion-mnist")
    _folder("gcide", "/usr/share/dictd")
    _folder("openblas", "/usr/include/x86_64-linux-gnu/openblas-openmp")
    for library in [
        "absl",
        "googletest",
        "jpeg",
        "lbfgs",
        "onednn",
        "png",
        "utf8proc",
        "webp",
        "zlib",
    ]:
        _library(library)
    plugin_list(name = "pretext_plugins")
