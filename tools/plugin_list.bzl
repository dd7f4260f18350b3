"""@pretext_plugins: the list of all plugins, read from the folders themselves, so that no central file lists them.

    //:all            depends on every plugin; the shipped binary links it
    //:names.txt      one line a plugin: kind, name, package
    //:packages.txt   one line a package of this repository
    //:unlinted.txt   packages whose BUILD file makes no lint test

A folder is a plugin when its BUILD file calls KIND_plugin(name = "..."). bazelw puts a checksum of all BUILD files into
PRETEXT_BUILD_FILES, so that the list is made again whenever one is added or changed.
"""

_KINDS = {
    "augmentation": "augmentations",
    "dataset": "datasets",
    "encoder": "encoders",
    "head": "heads",
    "loss": "losses",
    "optimizer": "optimizers",
    "tokenizer": "tokenizers",
}

_BUILD = """cc_library(
    name = "all",
    visibility = ["//visibility:public"],
    deps = [
%s    ],
)

exports_files([
    "names.txt",
    "packages.txt",
    "unlinted.txt",
])
"""

def _names(build, kind):
    """The name of each KIND_plugin(name = "...") call in a BUILD file's text."""
    return [
        call.partition('name = "')[2].partition('"')[0]
        for call in ("\n" + build).split("\n%s_plugin(" % kind)[1:]
    ]

def _plugin_list_impl(ctx):
    root = ctx.path(Label("@pretext//:WORKSPACE")).dirname
    plugins = []
    for kind, folder in _KINDS.items():
        if not root.get_child(folder).exists:
            continue
        for child in root.get_child(folder).readdir():
            if child.get_child("BUILD").exists:
                # By label, so that a Bazel without bazelw too looks again when the file changes.
                package = "%s/%s" % (folder, child.basename)
                build = ctx.read(Label("@pretext//%s:BUILD" % package))
                plugins += [(kind, name, package) for name in _names(build, kind)]
    plugins = sorted(plugins)
    ctx.file("BUILD", _BUILD % "".join(
        ['        "@pretext//%s:%s",\n' % (package, name) for _, name, package in plugins],
    ))
    ctx.file("names.txt", "".join(["%s %s //%s\n" % plugin for plugin in plugins]))
    ctx.file("packages.txt", "".join(["//%s\n" % package for package in sorted([
        file[2:].rpartition("/")[0]
        for file in ctx.execute(
            ["find", ".", "-name", "bazel-*", "-prune", "-o", "-name", "BUILD", "-print"],
            working_directory = str(root),
        ).stdout.splitlines()
    ]) if package]))
    ctx.file("unlinted.txt", "".join([
        file + "\n"
        for file in ctx.execute(
            [
                "grep",
                "--recursive",
                "--files-without-match",
                "--include=BUILD",
                "--exclude-dir=bazel-*",
                "--exclude-dir=custom_plugin",
                "-E",
                r"^(pretext_cc_[a-z]+|[a-z]+_plugin|lint)\(",
                ".",
            ],
            working_directory = str(root),
        ).stdout.splitlines()
    ]))

plugin_list = repository_rule(
    implementation = _plugin_list_impl,
    local = True,
    environ = ["PRETEXT_BUILD_FILES"],
)
