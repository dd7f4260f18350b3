"""The comments of a config message, carried into the binary so that `pretext plugins` can print them."""

def _config_docs_impl(ctx):
    proto = ctx.attr.proto[ProtoInfo]
    descriptor = ctx.actions.declare_file(ctx.label.name + ".bin")
    args = ctx.actions.args()
    args.add("--include_source_info")
    args.add(descriptor, format = "--descriptor_set_out=%s")
    args.add_all(proto.transitive_proto_path, format_each = "-I%s")
    root = "" if proto.proto_source_root == "." else proto.proto_source_root + "/"
    for source in proto.direct_sources:
        # Under the name that others import it by, whatever repository it is in.
        args.add("-I%s=%s" % (source.path[len(root):], source.path))
        args.add(source)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [args],
        inputs = proto.transitive_sources,
        outputs = [descriptor],
        mnemonic = "ConfigDocs",
    )
    ctx.actions.run_shell(
        command = """{
            echo '#include "core/plugin/config_docs.h"'
            echo 'namespace {'
            echo 'const unsigned char kDescriptorSet[] = {'
            od -An -v -tu1 -w32 "$1" | sed -e 's/ *\\([0-9]\\+\\)/\\1,/g'
            echo '};'
            echo '[[maybe_unused]] const bool kRegistered ='
            echo '    (pretext::RegisterConfigDocs(kDescriptorSet, sizeof(kDescriptorSet)), true);'
            echo '}'
        } >"$2" """,
        arguments = [descriptor.path, ctx.outputs.out.path],
        inputs = [descriptor],
        outputs = [ctx.outputs.out],
        mnemonic = "ConfigDocs",
    )
    return DefaultInfo(files = depset([ctx.outputs.out]))

config_docs = rule(
    implementation = _config_docs_impl,
    attrs = {
        "out": attr.output(mandatory = True, doc = "the C++ source with the serialised FileDescriptorSet"),
        "proto": attr.label(mandatory = True, providers = [ProtoInfo]),
        "_protoc": attr.label(
            default = "@com_google_protobuf//:protoc",
            executable = True,
            allow_single_file = True,
            cfg = "exec",
        ),
    },
)
