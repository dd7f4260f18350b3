"""A folder of files as an output: bazel-bin/PACKAGE/NAME."""

def _folder_impl(ctx):
    out = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run_shell(
        inputs = [ctx.file.src],
        outputs = [out],
        command = "cp -rL \"$1\"/. \"$2\" && cd \"$2\" && shift 2 && rm -rf -- \"$@\"",
        arguments = [ctx.file.src.path, out.path] + ctx.attr.without,
    )
    return [DefaultInfo(files = depset([out]))]

folder = rule(
    implementation = _folder_impl,
    attrs = {
        "src": attr.label(allow_single_file = True, doc = "The folder, exported by its package."),
        "without": attr.string_list(doc = "Names inside of it that are left out."),
    },
)
