#!/bin/bash
# The arrow check finds an include that goes up, with its file and line, and lets the others be.
set -u
arrows=$PWD/tools/arrows.awk
cd "$TEST_TMPDIR" || exit 1
failed=0

# plant FILE INCLUDE WANTED: what the check says of a file with this include on its second line.
plant() {
  mkdir -p "$(dirname "$1")"
  local include="#include \"$2\"" said
  [[ $2 != "<"* ]] || include="#include $2"
  printf '// A comment.\n%s\n' "$include" >"$1"
  said=$(awk -f "$arrows" "$1")
  if [[ $said != "${3:+$1:2: $3: $include}" ]]; then
    echo "$1 with $2: said '$said', wanted '$3'"
    failed=1
  fi
}

plant base/file/file.cc kernels/gemm/gemm.h "base stands below kernels"
plant kernels/gemm/gemm.cc core/tensor/tensor.h "kernels stands below core"
plant kernels/gemm/gemm_test.cc core/tensor/tensor.h "kernels stands below core"
plant core/ops/basic.cc losses/vic_reg/vic_reg.h "core stands below losses"
plant core/ops/basic.cc core/plugin/encoder.h "core/ops stands below core/plugin"
plant pipelines/text/binder.cc pipelines/train/trainer.h "pipelines/text stands below pipelines/train"
plant core/ops/batch_norm.cc processes/block_group.h "core stands below processes"
plant processes/block_group.cc pipelines/train/trainer.h "processes stands below pipelines"
plant losses/nt_xent/nt_xent.cc encoders/mlp/mlp.h "losses and encoders stand side by side"
plant heads/linear/linear.cc pipelines/text/binder.h "heads stands below pipelines"
plant cli/train.cc tests/program.h "cli stands below tests"

# name FILE LINE WANTED: what the check says of a file with that line.
name() {
  mkdir -p "$(dirname "$1")"
  printf '%s\n' "$2" >"$1"
  local said
  said=$(awk -f "$arrows" "$1")
  if [[ $said != "${3:+$1:1: $3: $2}" ]]; then
    echo "$1 with $2: said '$said', wanted '$3'"
    failed=1
  fi
}

name pipelines/train/update.cc 'if (loss == "BYOL") return;' "names a method"
name pipelines/train/update.cc 'SimSiamStep step;' "names a method"
name pipelines/train/update.cc '// BYOL is a predictor and a teacher.' ""
name pipelines/train/update_test.cc 'SimSiamStep step;' ""
name pipelines/init/proposal.cc 'if (method == kSimclr) return;' ""
name losses/dino/dino.cc 'Dino dino;' ""

for header in "<fstream>" "<fcntl.h>" "<dirent.h>"; do
  plant datasets/cifar/cifar_file.cc "$header" "files are touched by base/file alone"
  plant datasets/cifar/cifar_file_test.cc "$header" ""
  plant base/file/file_calls.cc "$header" ""
  plant bench/measure/measure.cc "$header" ""
done
plant cli/train.cc "<string>" ""

plant kernels/gemm/gemm.cc base/check/check.h ""
plant core/plugin/encoder.h core/autograd/autograd.h ""
plant evaluation/fill_mask/fill_mask.cc tokenizers/sequence/sequence.h ""
plant evaluation/fill_mask/fill_mask_test.cc encoders/mlp/mlp.h ""
plant tests/simclr/simclr_test.cc pipelines/train/trainer.h ""
plant losses/nt_xent/nt_xent.cc absl/status/status.h ""
exit $failed
