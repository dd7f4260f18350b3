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

def _abseil_impl(ctx):
    result = ctx.execute(["bash", "-c", "ls /usr/lib/*/libabsl_*.so | sed 's|.*/lib||; s|[.]so$||' | grep -vE 'mock|test|matchers'"])
    if result.return_code != 0:
        fail("no library of Abseil below /usr/lib: install libabsl-dev")
    ctx.template("BUILD", Label("//third_party:absl/overlay.BUILD"), {
        "%{libraries}": " ".join(result.stdout.strip().split("\n")),
    })
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)

# Abseil's libraries: which there are differs from one of its versions to the next.
_abseil = repository_rule(implementation = _abseil_impl, local = True)

def _debian_data_impl(ctx):
    result = ctx.execute(["bash", "-c", """
        set -e
        get() { apt-get -q download "$1"; }
        get "$1" || { ((EUID == 0)) && apt-get -q update && get "$1"; }
        dpkg-deb --extract ./*.deb .
        rm ./*.deb
    """, "bash", ctx.attr.package], timeout = 300)
    if result.return_code != 0:
        fail("Debian's package %s cannot be fetched by `apt-get download` (`apt-get update` may be due):\n%s%s" % (
            ctx.attr.package,
            result.stdout,
            result.stderr,
        ))
    ctx.symlink(ctx.attr.build_file, "BUILD")
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)

# The files of a Debian package that is not installed: for data whose package brings programs along.
_debian_data = repository_rule(
    implementation = _debian_data_impl,
    attrs = {
        "build_file": attr.label(),
        "package": attr.string(),
    },
)

# By name, of Debian's packages: the folder of mpi.h, what links the library, and what starts two processes for a test,
# with its environment, wherever there are cores.
_MPIS = {
    "openmpi": struct(
        include = "/usr/lib/x86_64-linux-gnu/openmpi/include",
        launcher = "mpirun.openmpi -n 2 --oversubscribe --bind-to none -x BUILD_WORKING_DIRECTORY",
        link = "-L/usr/lib/x86_64-linux-gnu/openmpi/lib -lmpi",
    ),
    "mpich": struct(
        include = "/usr/include/x86_64-linux-gnu/mpich",
        launcher = "mpirun.mpich -n 2",
        link = "-lmpich",
    ),
}

def _mpi_impl(ctx):
    asked = ctx.os.environ.get("PRETEXT_MPI", "")
    if asked and asked not in _MPIS:
        fail("PRETEXT_MPI is %s; known are %s" % (asked, ", ".join(_MPIS)))

    # The library alone, as programs need it that are built elsewhere, has no headers.
    found = [
        name
        for name in ([asked] if asked else _MPIS)
        if ctx.path(_MPIS[name].include + "/mpi.h").exists
    ]
    if found:
        mpi = _MPIS[found[0]]
        ctx.symlink(mpi.include, "include")
        ctx.file("launcher", mpi.launcher, executable = False)
        ctx.template("BUILD", ctx.attr.overlay, {"{LINK}": mpi.link}, executable = False)
    elif asked:
        fail("PRETEXT_MPI is %s: there is no %s/mpi.h" % (asked, _MPIS[asked].include))
    else:
        ctx.file("launcher", "", executable = False)
        ctx.symlink(ctx.attr.missing, "BUILD")
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)

# An MPI, the first that is there or that of the environment's PRETEXT_MPI, or what stands for it where there is none.
_mpi = repository_rule(
    implementation = _mpi_impl,
    environ = ["PRETEXT_MPI"],
    local = True,
    attrs = {
        "missing": attr.label(),
        "overlay": attr.label(),
    },
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
    _debian_data(
        name = "gcide",
        build_file = "@pretext//third_party:gcide/overlay.BUILD",
        package = "dict-gcide",
    )
    _debian_data(
        name = "openclipart",
        build_file = "@pretext//third_party:openclipart/overlay.BUILD",
        package = "openclipart-png",
    )
    _debian_data(
        name = "onnx",
        build_file = "@pretext//third_party:onnx/overlay.BUILD",
        package = "libonnx-dev",
    )
    _folder("openblas", "/usr/include/x86_64-linux-gnu/openblas-openmp")
    _mpi(
        name = "mpi",
        missing = "@pretext//third_party:mpi/missing.BUILD",
        overlay = "@pretext//third_party:mpi/overlay.BUILD",
    )
    _abseil(name = "absl")
    for library in [
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
