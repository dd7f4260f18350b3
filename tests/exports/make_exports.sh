#!/bin/bash
# make_exports.sh PRETEXT EXPECTED GENERATE_CIFAR FOLDER: trains small models for some steps and exports each to every format
# that holds it, with what pretext itself computes beside, for compare.py. A minute.
set -euo pipefail
pretext=$(readlink -f "$1") expected=$(readlink -f "$2") generate=$(readlink -f "$3")
pipelines=$(readlink -f "$(dirname "$0")/../../pipelines")
gcide=$(readlink -f "$(dirname "$0")/../../bazel-bin/third_party/gcide.dict.dz")
mkdir -p "$4" && cd "$4"
"$generate" data 5 100 100 # pictures in CIFAR-10's format, which mean nothing

# train NAME PIPELINE [OVERRIDE…]
train() {
  local name=$1 pipeline=$2 overrides=()
  shift 2
  for o in "train { steps: 3 batch_size: 16 }" "schedule { warmup_steps: 1 }" "evaluate { every_epochs: 0 max_test_samples: 64 max_train_samples: 64 baselines { raw_input: false pca: false untrained_encoder: false } }" "$@"; do
    overrides+=(--override "$o")
  done
  [[ -e run/$name ]] || "$pretext" train "$pipeline" --override "name: '$name' output { directory: 'run/$name' }" "${overrides[@]}" >"$name.log"
  mkdir -p "$name"
  "$expected" "run/$name" "$name"
}

# export NAME FORMAT [--with-head]
export_to() {
  local out=$1/$2${3:+-head}
  rm -rf "$out"
  "$pretext" export "run/$1" --format "$2" --out "$out" ${3:+--with-head}
}

cifar='dataset { [type.googleapis.com/pretext.Cifar] { directory: "data" } }'
resnet() { echo "encoder { [type.googleapis.com/pretext.ResNet] { $1 } }"; }
normalize='views { augmentation { [type.googleapis.com/pretext.Normalize] { mean: [0.49, 0.48, 0.45] deviation: [0.25, 0.24, 0.26] } } }'

train resnet18_cifar_stem "$pipelines/cifar10_simclr_resnet18.textproto" "$cifar" "$normalize"
export_to resnet18_cifar_stem torchvision
export_to resnet18_cifar_stem onnx
export_to resnet18_cifar_stem onnx --with-head

train resnet18_imagenet_stem "$pipelines/cifar10_simclr_resnet18.textproto" "$cifar" "$(resnet 'depth: 18 width: 64 stem: IMAGENET')"
for format in torchvision timm huggingface onnx; do export_to resnet18_imagenet_stem $format; done

train resnet50_imagenet_stem "$pipelines/cifar10_simclr_resnet18.textproto" "$cifar" "$normalize" "$(resnet 'depth: 50 width: 64 stem: IMAGENET')"
for format in torchvision timm huggingface onnx; do export_to resnet50_imagenet_stem $format; done

train resnet34_narrow "$pipelines/cifar10_simclr_resnet18.textproto" "$cifar" "$(resnet 'depth: 34 width: 8 stem: IMAGENET')"
export_to resnet34_narrow huggingface
export_to resnet34_narrow onnx

vit() { echo "encoder { [type.googleapis.com/pretext.VisionTransformer] { $1 } }"; }
train vit_class_token "$pipelines/cifar10_simclr_resnet18.textproto" "$cifar" "$normalize" \
  "$(vit 'layers: 3 width: 96 patch: 8 mlp_ratio: 2.7 layer_scale: 0.1')"
for format in timm onnx; do export_to vit_class_token $format; done
export_to vit_class_token onnx --with-head

train resnet101_imagenet_stem "$pipelines/cifar10_simclr_resnet18.textproto" "$cifar" "$(resnet 'depth: 101 width: 64 stem: IMAGENET')"
for format in torchvision timm huggingface onnx; do export_to resnet101_imagenet_stem $format; done

train mae "$pipelines/fashion_mnist_mae.textproto"
for format in timm onnx; do export_to mae $format; done

train resnet18_grey "$pipelines/fashion_mnist_simclr_resnet18.textproto"
export_to resnet18_grey onnx

train conv_autoencoder "$pipelines/fashion_mnist_conv_autoencoder.textproto"
export_to conv_autoencoder onnx --with-head

train autoencoder "$pipelines/fashion_mnist_autoencoder.textproto"
export_to autoencoder onnx --with-head

text="dataset { [type.googleapis.com/pretext.Text] { files: '$gcide' } }"
train bert_tiny "$pipelines/gcide_mlm_tiny.textproto" "$text"
export_to bert_tiny huggingface
export_to bert_tiny huggingface --with-head
export_to bert_tiny sentence-transformers
export_to bert_tiny onnx
export_to bert_tiny onnx --with-head

train bert_pre "$pipelines/gcide_mlm_tiny.textproto" "$text" \
  "encoder { [type.googleapis.com/pretext.Transformer] { normalization: PRE segments: 2 pooling: CLS } }"
export_to bert_pre onnx --with-head

# A tokenizer that BertTokenizer has no options for: tokenizer.json is taken as it is.
train bert_nfkc "$pipelines/gcide_mlm_tiny.textproto" "$text" \
  "dataset { [type.googleapis.com/pretext.Text] { tokenizer { [type.googleapis.com/pretext.WordPiece] { learn { size: 2000 } normalization: NFKC clean: false max_word_characters: 50 } } } }"
export_to bert_nfkc huggingface --with-head
