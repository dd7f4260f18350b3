#!/usr/bin/env python3
"""Reads a run's TensorBoard files by TensorBoard's own code, and compares them with metrics.jsonl.

    python3 read_tensorboard.py RUN...

Scalars: each tag has the values of metrics.jsonl at its steps, as float32, and a description where there is one.
Pictures: each decodes to the size that it says. Projector: its config is read as TensorBoard's message, the tensor has the
shape that it says and a row of metadata a point, the sprite room for all of them. Prints a line a run; exits with 1 where
something is other. TensorBoard is taken from the folders that $LIBRARIES names (tensorboard's sources with its .proto
files compiled by protoc, absl and six: Debian has no TensorBoard), or as it is installed.
"""
import csv
import io
import json
import os
import sys

sys.path[:0] = [os.path.abspath(p) for p in os.environ.get("LIBRARIES", "").split(":") if p]

import numpy as np
from google.protobuf import text_format
from PIL import Image
from tensorboard import version
from tensorboard.backend.event_processing import plugin_event_accumulator
from tensorboard.plugins.projector import projector_config_pb2
from tensorboard.util import tensor_util

failures = []


def expect(good, *what):
    if not good:
        failures.append(what)
        print("FAILED:", *what)


def metrics(run):
    """Of each tag, {step: value}."""
    found = {}
    with open(os.path.join(run, "metrics.jsonl")) as lines:
        for line in lines:
            values = json.loads(line)
            step, evaluation = values["step"], values.get("eval")
            kind, values = ("eval", evaluation) if evaluation is not None else ("train", values)
            for name, value in values.items():
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    found.setdefault(f"{kind}/{name}", {})[step] = value
    return found


def read_scalars(run, events):
    wanted = metrics(run)
    tags = events.PluginTagToContent("scalars")
    compared = described = 0
    for tag in tags:
        got = {e.step: float(tensor_util.make_ndarray(e.tensor_proto)) for e in events.Tensors(tag)}
        described += bool(events.SummaryMetadata(tag).summary_description)
        if tag not in wanted:  # TensorBoard alone has the times
            continue
        for step, value in wanted[tag].items():
            expect(got.get(step) == float(np.float32(value)), run, tag, "at step", step, "is", got.get(step), "not", value)
            compared += 1
        expect(list(got) == sorted(got), run, tag, "runs back")
    missing = {tag for tag in wanted if tag not in tags and tag.split("/")[1] not in ("step", "epoch")}
    expect(not missing, run, "TensorBoard has no", sorted(missing))
    expect(compared > 0, run, "no scalars")
    return compared, described


def read_pictures(events):
    count = 0
    if "images" not in events.ActivePlugins():
        return count
    for tag in events.PluginTagToContent("images"):
        for event in events.Tensors(tag):
            width, height, *pictures = tensor_util.make_ndarray(event.tensor_proto)
            for picture in pictures:
                size = Image.open(io.BytesIO(picture)).size
                expect(size == (int(width), int(height)), tag, "is", size, "and says", width, height)
                count += 1
    return count


def read_projector(folder):
    path = os.path.join(folder, "projector_config.pbtxt")
    if not os.path.exists(path):
        return 0
    config = projector_config_pb2.ProjectorConfig()
    with open(path) as f:
        text_format.Parse(f.read(), config)
    points = 0
    for embedding in config.embeddings:
        tensor = np.loadtxt(os.path.join(folder, embedding.tensor_path), delimiter="\t", ndmin=2)
        expect(list(tensor.shape) == list(embedding.tensor_shape), path, tensor.shape, list(embedding.tensor_shape))
        with open(os.path.join(folder, embedding.metadata_path), newline="") as f:
            rows = list(csv.reader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
        titles = len(rows[0]) > 1  # one column has no title
        expect(len(rows) - titles == len(tensor), path, len(rows) - titles, "rows of metadata for", len(tensor))
        if embedding.sprite.image_path:
            width, height = embedding.sprite.single_image_dim
            sheet = Image.open(os.path.join(folder, embedding.sprite.image_path)).size
            room = (sheet[0] // width) * (sheet[1] // height)
            expect(room >= len(tensor) and sheet[0] % width == 0 and sheet[1] % height == 0, path, "sprite of", sheet)
        points += len(tensor)
    return points


for run in sys.argv[1:]:
    folder = os.path.join(run, "tensorboard")
    events = plugin_event_accumulator.EventAccumulator(folder, size_guidance={"tensors": 0}, tensor_size_guidance={
        "scalars": 0, "images": 0})
    events.Reload()
    values, described = read_scalars(run, events)
    print(f"{run}: TensorBoard {version.VERSION} reads {values} scalars as metrics.jsonl has them ({described} tags "
          f"described), {read_pictures(events)} pictures, {read_projector(folder)} points")
sys.exit(bool(failures))
