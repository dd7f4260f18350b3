"""Embeds the files of the templates into a C++ source."""

KINDS = ["augmentation", "dataset", "encoder", "head", "loss", "optimizer"]

_FILES = ["BUILD", "sketch.proto", "sketch.h", "sketch.cc", "sketch_test.cc"]

def embedded_templates(name, out):
    """Makes `out`, which defines EmbeddedTemplates().

    Args:
      name: of the target.
      out: the source.
    """
    srcs = []
    entries = []
    for kind in KINDS:
        for file in _FILES:
            label = "//pipelines/new_plugin/templates/%s/sketch:%s" % (kind, file)
            srcs.append(label)
            entries.append("""echo '{"%s", "%s", R"TEMPLATE('; cat $(location %s); echo ')TEMPLATE"},';""" % (kind, file, label))
    native.genrule(
        name = name,
        srcs = srcs,
        outs = [out],
        cmd = """{
            echo '#include "pipelines/new_plugin/templates.h"'
            echo 'namespace pretext {'
            echo 'const std::vector<TemplateFile>& EmbeddedTemplates() {'
            echo 'static const auto* const files = new std::vector<TemplateFile>{'
            %s
            echo '}; return *files; } }'
        } > $@""" % "\n".join(entries),
    )
