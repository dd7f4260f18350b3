"""One macro a kind of plugin; each makes everything a plugin needs from the files in its folder.

In encoders/mlp/BUILD, beside mlp.proto, mlp.h, mlp.cc and mlp_test.cc:

    load("//tools:plugin.bzl", "encoder_plugin")

    encoder_plugin(
        name = "mlp",
        deps = ["//core/tensor"],
    )

makes

    mlp_proto, mlp_cc_proto   the config message
    mlp                       the library; linked whole, so that it registers itself
    mlp_test                  the unit test, when mlp_test.cc is there
    mlp_conformance_test      what every plugin of the kind must do, on this one alone; with the config in
                              example.textproto when that is there, else with the default config; on inputs of the
                              types in example_input.txt, else on one of each kind
    lint                      formatting and documentation (in this repository only)

and puts the plugin into @pretext_plugins//:all, the list of all plugins. Another workspace loads the macros from
@pretext//tools:plugin.bzl and names its plugin in the deps of its binary.
"""

load("@rules_proto//proto:defs.bzl", "proto_library")
load("//tools:cc.bzl", "pretext_cc_library", "pretext_cc_test")
load("//tools:config_docs.bzl", "config_docs")

_CONFIG_DOCS = str(Label("//core/plugin:config_docs"))
_CONFORMANCE = str(Label("//tests:conformance"))
_PLUGIN = str(Label("//core/plugin"))

def _plugin(
        name,
        srcs = [],
        hdrs = [],
        deps = [],
        proto_deps = [],
        data = [],
        test_srcs = [],
        test_deps = [],
        test_data = [],
        visibility = ["//visibility:public"]):
    """Makes the targets of a plugin.

    Args:
      name: of the plugin: of its folder, its files and its main target.
      srcs: sources beyond NAME.cc.
      hdrs: headers beyond NAME.h.
      deps: of the library, beyond //core/plugin.
      proto_deps: of the config message, for instance @com_google_protobuf//:any_proto.
      data: files that the plugin reads when it runs.
      test_srcs: of the unit test beyond NAME_test.cc.
      test_deps: of the unit test, beyond the plugin itself; of the conformance test too, for the
        plugins that the example config names.
      test_data: files that the unit test reads.
      visibility: of the library and the config message.
    """
    proto_library(
        name = name + "_proto",
        srcs = [name + ".proto"],
        visibility = visibility,
        deps = proto_deps,
    )
    native.cc_proto_library(
        name = name + "_cc_proto",
        visibility = visibility,
        deps = [":%s_proto" % name],
    )
    config_docs(
        name = name + "_config_docs",
        out = name + "_config_docs.cc",
        proto = ":%s_proto" % name,
    )
    pretext_cc_library(
        name = name,
        srcs = [name + ".cc", ":%s_config_docs" % name] + srcs,
        hdrs = [name + ".h"] + hdrs,
        data = data + native.glob([
            "example.textproto",
            "example_input.txt",
        ]),
        visibility = visibility,
        deps = [
            _CONFIG_DOCS,
            _PLUGIN,
            ":%s_cc_proto" % name,
        ] + deps,
        alwayslink = True,
    )
    unit_test = native.glob([name + "_test.cc"])
    if unit_test:
        pretext_cc_test(
            name = name + "_test",
            srcs = unit_test + test_srcs,
            data = test_data,
            deps = [":" + name] + test_deps,
        )
    pretext_cc_test(
        name = name + "_conformance_test",
        srcs = [],
        deps = [":" + name, _CONFORMANCE] + test_deps,
    )

def augmentation_plugin(name, **kwargs):
    _plugin(name, **kwargs)

def dataset_plugin(name, **kwargs):
    _plugin(name, **kwargs)

def encoder_plugin(name, **kwargs):
    _plugin(name, **kwargs)

def head_plugin(name, **kwargs):
    _plugin(name, **kwargs)

def loss_plugin(name, **kwargs):
    _plugin(name, **kwargs)

def optimizer_plugin(name, **kwargs):
    _plugin(name, **kwargs)

def tokenizer_plugin(name, **kwargs):
    _plugin(name, **kwargs)
