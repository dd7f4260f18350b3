"""@buildifier: the formatter of BUILD files that bazelw fetched, or a stand-in that checks nothing.

Debian has no buildifier; nothing but the lint tests needs it, so nothing but them may notice its absence. bazelw says
when it could not fetch it.
"""

def _buildifier_impl(ctx):
    binary = ctx.os.environ.get("PRETEXT_BUILDIFIER", "")
    if binary and ctx.path(binary).exists:
        ctx.symlink(binary, "buildifier")
    else:
        ctx.file("buildifier", "#!/bin/sh\n", executable = True)
    ctx.file("BUILD", 'exports_files(["buildifier"])\n')

buildifier = repository_rule(
    implementation = _buildifier_impl,
    local = True,
    environ = ["PRETEXT_BUILDIFIER"],
)
