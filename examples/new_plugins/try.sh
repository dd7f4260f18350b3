#!/bin/bash
# Shows that a plugin is its folder and nothing else: into a copy of this repository go the four of this folder, one that
# reads images, one that reads tokens, one that reads vectors and one that reads vectors and remembers. No file of the
# copy is edited. They are then listed, tested (unit tests, conformance, lint), and pipelines of theirs are validated and
# trained for some steps.
#
#   examples/new_plugins/try.sh
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
scratch=$(mktemp -d)
copy=$scratch/pretext
bazelw() { (cd "$copy" && ./bazelw --output_base="$scratch/bazel" --max_idle_secs=60 "$@"); }
finish() {
  [[ ! -d $copy ]] || bazelw shutdown || true
  chmod -R u+w "$scratch" && rm -rf "$scratch"
}
trap finish EXIT

mkdir "$copy"
(cd "$root" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy" --)
git=(git -C "$copy" -c user.name=try -c user.email=try@localhost)
"${git[@]}" init -q && "${git[@]}" add -A && "${git[@]}" commit -q -m "as it is"
cp -r "$here/encoders" "$here/losses" "$copy"

bazelw test //encoders/patches/... //encoders/bag_of_tokens/... //losses/spectral_contrastive/... //losses/tico/...
bazelw build //:pretext
pretext() { (cd "$copy" && bazel-bin/pretext "$@"); }
for plugin in Patches BagOfTokens SpectralContrastive Tico; do
  pretext plugins | grep -w "$plugin"
done
for pipeline in images tokens; do
  pretext validate "$here/$pipeline.textproto"
  pretext train "$here/$pipeline.textproto" --override "output { directory: '$scratch/$pipeline' }"
done
pretext train "$here/images.textproto" --override "output { directory: '$scratch/remembers' }" \
  --override "loss { [type.googleapis.com/pretext.Tico] {} }"

changed=$("${git[@]}" status --porcelain -uall | grep -vE '^\?\? ((encoders/(patches|bag_of_tokens)|losses/(spectral_contrastive|tico))/)' || true)
if [[ $changed ]]; then
  echo "other files than those of the plugins' folders:"
  echo "$changed"
  exit 1
fi
echo "four plugins, four folders, no other file"
