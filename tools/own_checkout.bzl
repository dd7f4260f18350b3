"""Whether this repository is the one being worked on, rather than a dependency of another workspace."""

OWN_CHECKOUT = Label("//tools:own_checkout.bzl").workspace_name == ""
