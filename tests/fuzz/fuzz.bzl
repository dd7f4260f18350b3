"""The macro for a fuzz test."""

load("//tools:cc.bzl", "pretext_cc_test")

def fuzz_test(name, srcs, corpus = [], deps = [], runs = 20000, memory_mb = 512):
    """A test that gives a reader the files of a corpus and changed ones, the same ones each time.

    Args:
      name: of the test.
      srcs: what defines ReadFuzzed (fuzz.h).
      corpus: right files.
      deps: of srcs.
      runs: how many changed files there are; tools/fuzz.sh asks for more.
      memory_mb: what reading any of them may take.
    """
    pretext_cc_test(
        name = name,
        srcs = srcs,
        args = [str(runs), str(memory_mb)] + ["$(rootpaths %s)" % label for label in corpus],
        data = corpus,
        tags = ["fuzz"],
        deps = [":fuzz_main"] + deps,
    )
