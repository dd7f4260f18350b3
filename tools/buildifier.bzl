"""@buildifier: the formatter of BUILD files that bazelw fetched, or a stand-in that says it is missing.

Debian has no buildifier; nothing but the lint tests needs it, so nothing but them may notice its absence.
"""

_MISSING = """#!/bin/bash
echo "buildifier is not here: BUILD and .bzl files are not checked (./bazelw fetches it with npm)."
"""

def _buildifier_impl(ctx):
    binary = ctx.os.environ.get("PRETEXT_BUILDIFIER", "")
    if binary and ctx.path(binary).exists:
        ctx.symlink(binary, "buildifier")
    else:
        ctx.file("buildifier", _MISSING, executable = True)
    ctx.file("BUILD", 'exports_files(["buildifier"])\n')

buildifier = repository_rule(
    implementation = _buildifier_impl,
    local = True,
    environ = ["PRETEXT_BUILDIFIER"],
)
