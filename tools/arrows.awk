# The arrows of the folders: prints each #include that goes up, with its file and line.
#
#     embedder → cli → pipelines → {encoders heads losses … evaluation} → processes → core → kernels → base
#
# and the rooms of core and of pipelines in the order of their lines below. `tests`, `bench` and `examples` stand above
# all. A test may use the other rooms of its own level (an encoder in the test of an evaluation), never a higher one.
# And each line of pipelines that names a method, and each include above base by which the program would touch files itself: base/file is its one way to them.
# Usage: awk -f arrows.awk FILE…, paths from the root of the repository.

BEGIN {
  split("base kernels core processes plugins pipelines cli embedder tests", levels, " ")
  for (i in levels) level[levels[i]] = i
  level["bench"] = level["examples"] = level["tests"]
  split("encoders heads losses augmentations datasets optimizers tokenizers evaluation exports", plugins, " ")
  for (i in plugins) level[plugins[i]] = level["plugins"]
  # The only one that reads through another: sequences of tokens.
  beside["evaluation tokenizers"] = 1

  split("core/group core/tensor core/graph core/autograd core/ops core/flow core/layers core/plugin core/loader", core, " ")
  for (i in core) room[core[i]] = i + 0
  split("pipelines/text pipelines/model pipelines/checkpoint pipelines/initialize pipelines/assembly pipelines/run pipelines/drawing " \
        "pipelines/verdicts pipelines/evaluate pipelines/preview pipelines/report_data pipelines/report " \
        "pipelines/repro pipelines/listing pipelines/encoder pipelines/train pipelines/memory pipelines/trained pipelines/embed " \
        "pipelines/neighbours pipelines/init pipelines/new_plugin pipelines/selfcheck", pipelines, " ")
  for (i in pipelines) room[pipelines[i]] = i + 0
}

FNR == 1 {
  split(FILENAME, path, "/")
  own = path[1]
  own_level = own in level ? level[own] : level["tests"]
  own_room = own "/" path[2]
  test = FILENAME ~ /_test\.cc$|\/testing\/|\/testdata\//
}

/^#include "/ {
  split($0, quoted, "\"")
  split(quoted[2], path, "/")
  other = path[1]
  if (!(other in level)) next
  other_room = other "/" path[2]
  fault = ""
  if (level[other] > own_level) {
    fault = own " stands below " other
  } else if (level[other] == own_level && other != own && !test && !((own " " other) in beside)) {
    fault = own " and " other " stand side by side"
  } else if (other == own && !test && own_room in room && room[other_room] > room[own_room]) {
    fault = own_room " stands below " other_room
  }
  if (fault) printf "%s:%d: %s: %s\n", FILENAME, FNR, fault, $0
}

# No part of a run knows a method by its name: what a method is, a pipeline's text says. `init` writes such texts.
own == "pipelines" && own_room != "pipelines/init" && !test && !/^ *\/\// &&
    tolower($0) ~ /byol|simsiam|moco|nnclr|swav|dino|lejepa|simclr/ {
  printf "%s:%d: names a method: %s\n", FILENAME, FNR, $0
}

/^#include <(fstream|fcntl\.h|dirent\.h)>/ {
  if (own_level > level["base"] && own_level < level["tests"] && !test)
    printf "%s:%d: files are touched by base/file alone: %s\n", FILENAME, FNR, $0
}
