#!/usr/bin/env python3
"""Opens exports in the programs that they are for, and compares what these compute with pretext's own numbers.

    python3 compare.py FOLDER

FOLDER is what make_exports.sh wrote: one folder a case, with the export in DIR and in expected.safetensors what the
encoder was given and what it gave. Prints one line of a table a comparison; exits with 1 where one is beyond its
tolerance or a program is missing that the case is for. (timm and sentence-transformers, which Debian does not package,
are taken from the folder that $LIBRARIES names, else left out with a word.) PyTorch, onnxruntime and onnx each run in a process of
their own: all three hold onnx's registry of operators, and fall over one another's.
"""
import importlib.util
import json
import os
import subprocess
import sys

import numpy as np
from safetensors.numpy import load_file

sys.path.insert(0, os.path.abspath(os.environ.get("LIBRARIES", "libraries")))

TOLERANCE = 1e-4  # of the root mean square: float32 in both, sums in other orders, tens of layers
failures = []


def compare(case, program, what, theirs, ours):
    theirs = np.asarray(theirs.detach() if hasattr(theirs, "detach") else theirs, dtype=np.float64)
    ours = np.asarray(ours, dtype=np.float64)
    if theirs.shape != ours.shape:
        failures.append(case)
        print(f"| {case} | {program} | {what} | shape {theirs.shape}, ours {ours.shape} | FAILED |")
        return
    rms = float(np.sqrt(np.mean(ours**2)))
    difference = float(np.max(np.abs(theirs - ours)))
    good = difference <= TOLERANCE * rms
    if not good:
        failures.append(case)
    print(f"| {case} | {program} | {what} | {difference:.1e} | {rms:.3g} |{'' if good else ' FAILED |'}")


def of_module(folder):
    spec = importlib.util.spec_from_file_location("load", os.path.join(folder, "load.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def torchvision_case(case, folder, data):
    import torch
    import torchvision

    model = of_module(folder).load(folder)
    with torch.no_grad():
        features = model(torch.from_numpy(data["pixel_values"]))
    compare(case, f"torchvision {torchvision.__version__.split('+')[0]}", "features", features, data["features"])


def timm_case(case, folder, data):
    import torch
    try:
        import timm
    except ImportError:
        print(f"| {case} | timm | not installed here | | |")
        return
    model = timm.create_model("local-dir:" + folder, pretrained=True, num_classes=0).eval()
    with torch.no_grad():
        features = model(torch.from_numpy(data["pixel_values"]))
    compare(case, f"timm {timm.__version__}", "features", features, data["features"])


def huggingface_case(case, folder, data):
    import torch
    import transformers

    program = f"transformers {transformers.__version__}"
    with open(os.path.join(folder, "config.json")) as file:
        architecture = json.load(file)["architectures"][0]
    model, info = getattr(transformers, architecture).from_pretrained(folder, output_loading_info=True)
    missing = [name for name in info["missing_keys"] if not name.startswith("pooler.")]
    if missing or info["unexpected_keys"] or info["mismatched_keys"]:
        failures.append(case)
        print(f"| {case} | {program} | {info} | | FAILED |")
    model.eval()
    if architecture == "ResNetModel":
        with torch.no_grad():
            features = model(torch.from_numpy(data["pixel_values"])).pooler_output.flatten(1)
        compare(case, program, "features", features, data["features"])
        return processor_case(case, folder, data, program)
    with torch.no_grad():
        inputs = {name: torch.from_numpy(data[name].astype(np.int64)) for name in ("input_ids", "attention_mask")}
        output = model(**inputs, output_hidden_states=True)
    real = data["attention_mask"].astype(bool)
    last = output.hidden_states[-1]
    compare(case, program, "last_hidden_state", last.numpy()[real], data["last_hidden_state"][real])
    mask = inputs["attention_mask"].unsqueeze(-1)
    compare(case, program, "mean over tokens", (last * mask).sum(1) / mask.sum(1), data["sentence_embedding"])
    if architecture == "BertForMaskedLM":
        compare(case, program, "logits", output.logits.numpy()[real], data["logits"][real])
    tokenizer_case(case, folder)


def processor_case(case, folder, data, program):
    """The picture processor makes of bytes what the encoder was given."""
    if "bytes" not in data:
        return
    import transformers

    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    values = processor(list(data["bytes"].astype(np.uint8)), return_tensors="np", input_data_format="channels_first")
    compare(case, program, "picture processor", values["pixel_values"], data["pixel_values"])


def tokenizer_case(case, folder):
    path = os.path.join(os.path.dirname(folder), "texts.json")
    if not os.path.exists(path):
        return
    import tokenizers
    import transformers

    with open(path) as file:
        texts = json.load(file)
    raw = tokenizers.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    auto = transformers.AutoTokenizer.from_pretrained(folder)
    for program, encode in (
        (f"tokenizers {tokenizers.__version__}", lambda text: raw.encode(text).ids),
        (f"transformers {type(auto).__name__}", lambda text: auto(text)["input_ids"]),
    ):
        wrong = [text["text"] for text in texts if encode(text["text"]) != text["ids"]]
        if wrong:
            failures.append(case)
        print(f"| {case} | {program} | ids of {len(texts)} texts | {len(wrong)} differ {wrong[:3] or ''} | |")


def sentence_transformers_case(case, folder, data):
    import torch
    try:
        import sentence_transformers
    except ImportError:
        print(f"| {case} | sentence-transformers | not installed here | | |")
        return huggingface_case(case, folder, data)
    model = sentence_transformers.SentenceTransformer(folder)
    inputs = {name: torch.from_numpy(data[name].astype(np.int64)) for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        vectors = model(inputs)["sentence_embedding"]
    compare(case, f"sentence-transformers {sentence_transformers.__version__}", "vectors", vectors,
            data["sentence_embedding"])


def onnxruntime_case(case, folder, data):
    import onnxruntime

    session = onnxruntime.InferenceSession(os.path.join(folder, "model.onnx"), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    whole = {value.name for value in session.get_inputs() if "int64" in value.type}
    rows = len(data[next(value.name for value in session.get_inputs() if value.name in data)])
    for batch in (slice(0, rows), slice(0, 1), slice(1, 3)):  # the batch is free
        inputs = inputs_of([value.name for value in session.get_inputs()], whole, data, batch)
        compare_outputs(case, f"onnxruntime {onnxruntime.__version__}, rows {batch.start} to {batch.stop}", names,
                        session.run(None, inputs), data, batch)


def onnx_case(case, folder, data):
    import onnx
    import onnx.reference

    path = os.path.join(folder, "model.onnx")
    onnx.checker.check_model(path, full_check=True)
    evaluator = onnx.reference.ReferenceEvaluator(path)
    whole = {"input_ids", "attention_mask", "token_type_ids"}
    batch = slice(0, 1)  # it is slow
    compare_outputs(case, f"onnx {onnx.__version__}, checked, its reference", evaluator.output_names,
                    evaluator.run(None, inputs_of(evaluator.input_names, whole, data, batch)), data, batch)


def inputs_of(names, whole, data, batch):
    inputs = {}
    for name in names:
        value = np.zeros_like(data["input_ids"]) if name == "token_type_ids" else data[name]
        inputs[name] = value[batch].astype(np.int64 if name in whole else np.float32)
    return inputs


def compare_outputs(case, program, names, outputs, data, batch):
    for name, theirs in zip(names, outputs):
        ours = data[name][batch]
        if name in ("last_hidden_state", "logits"):
            real = data["attention_mask"][batch].astype(bool)
            theirs, ours = theirs[real], ours[real]
        compare(case, program, name, theirs, ours)


RUNS = {
    "torch": {
        "torchvision": torchvision_case,
        "timm": timm_case,
        "huggingface": huggingface_case,
        "sentence-transformers": sentence_transformers_case,
    },
    "onnxruntime": {"onnx": onnxruntime_case},
    "onnx": {"onnx": onnx_case},
}


def main():
    root = sys.argv[1]
    if len(sys.argv) == 2:
        print("| case | program | what | largest difference | root mean square |\n|---|---|---|---|---|", flush=True)
        sys.exit(max(subprocess.call([sys.executable, sys.argv[0], root, program]) for program in RUNS))
    runs = RUNS[sys.argv[2]]
    cases = 0
    for model in sorted(os.listdir(root)):
        folder = os.path.join(root, model)
        expected = os.path.join(folder, "expected.safetensors")
        if not os.path.exists(expected):
            continue
        data = load_file(expected)
        for form in sorted(os.listdir(folder)):
            name = form.removesuffix("-head")
            if name in runs and os.path.isdir(os.path.join(folder, form)):
                runs[name](f"{model}, {form}", os.path.join(folder, form), data)
                cases += 1
    if not cases or failures:
        sys.exit(f"{len(failures)} of {cases} cases failed: {', '.join(failures)}")


main()
