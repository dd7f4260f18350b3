#!/bin/bash
# Builds and tests this checkout under Debian 13 in a root of its own: as root, with Debian's registry and debootstrap.
#
#   tools/debian13.sh ROOT [BAZEL ARGUMENTS ...]    without arguments: test //...
#
# ROOT is made at the first call and kept, with Bazel's caches. What is built and tested is the last commit.
set -euo pipefail
if (($# < 1)) || ((EUID != 0)); then
  sed -n '2,6s/^# \?//p' "$0"
  exit 2
fi
root=$(realpath -m "$1")
shift
(($#)) || set -- test --keep_going //...
source=$(dirname "$(readlink -f "$0")")/..

command -v debootstrap >/dev/null || { apt-get -q update && apt-get -q install -y --no-install-recommends debootstrap; }
if [[ ! -e $root/etc/debian_version ]]; then
  debootstrap --variant=minbase --include=ca-certificates,git trixie "$root"
  cp /etc/resolv.conf "$root/etc/"
fi
for folder in proc dev; do
  mountpoint -q "$root/$folder" || mount --rbind --make-rslave "/$folder" "$root/$folder"
done
trap 'umount -R -l "$root/proc" "$root/dev"' EXIT
rm -rf "$root/pretext"
git clone -q "$source" "$root/pretext"
chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
  bash -c 'cd /pretext && ./bazelw "$@"; status=$?; bazel shutdown; exit $status' bash "$@"
