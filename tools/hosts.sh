#!/bin/bash
# Trains over several hosts that are one machine: tools/hosts.sh [DELAY_MS [LOSS_PERCENT [PROGRAM]]], as root.
#
# Each host is a network namespace with an address and a name of its own; Open MPI starts processes on it by an agent in
# the place of ssh. They are joined by a bridge with netem, or, where the kernel has no netem, by tools/hosts_wire.py.
# Checked are, for 2 and 3 hosts: the weights are one process's, bit for bit; and when the last host's link is cut amid a
# run, the run ends with one message that names the host, no process stays, and one process goes on from the checkpoint.
# DELAY_MS is that of a frame (5), LOSS_PERCENT of frames (1); PROGRAM is bazel-bin/pretext_mpi.
#
# Open MPI's own daemons wait for a host for as long as TCP does, 15 minutes: the hosts have net.ipv4.tcp_retries2 = 5.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit
delay=${1:-5}
loss=${2:-1}
program=$(realpath -m "${3:-bazel-bin/pretext_mpi}")
if ((EUID != 0)) || [[ ! -x $program ]]; then
  echo "tools/hosts.sh: wants to be root, and $program (./bazelw build //:pretext_mpi)" >&2
  exit 2
fi
timeout=5
scratch=$(mktemp -d /tmp/pretext_hosts.XXXXXX)
hosts=()
links=()
wire=
failed=0

# A host's processes are those of its namespace: no other is touched.
processes_of() { ip netns pids "$1" 2>/dev/null; }

end_hosts() {
  local host link pids
  for host in "${hosts[@]}"; do
    pids=$(processes_of "$host")
    # shellcheck disable=SC2086
    [[ -z $pids ]] || kill -KILL $pids 2>/dev/null
    ip netns del "$host" 2>/dev/null
  done
  if [[ -n $wire ]]; then kill "$wire" && wait "$wire"; fi 2>/dev/null
  for link in "${links[@]}"; do ip link del "$link" 2>/dev/null; done
  hosts=() links=() wire=
}
trap 'end_hosts; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# try COMMAND ...: what the machine does not permit is said, and passed over.
try() {
  local said
  said=$("$@" 2>&1) && return
  echo "not permitted here: $*: ${said//$'\n'/ }"
  return 1
}
fail() {
  echo "FAILED: $*"
  failed=1
}

# The agent: AGENT HOST COMMAND ..., as ssh would be called.
cat >"$scratch/agent" <<END
#!/bin/bash
host=\$1
shift
exec ip netns exec "\$host" unshare --uts --mount sh -c \
  'hostname "\$0" && mount --bind "$scratch/hosts" /etc/hosts && exec sh -c "\$1"' "\$host" "\$*"
END
chmod +x "$scratch/agent"

# start_hosts COUNT: with links eth1, and addresses 10.77.0.1 and up.
start_hosts() {
  local i host
  echo "127.0.0.1 localhost" >"$scratch/hosts"
  for ((i = 1; i <= $1; ++i)); do
    host=pretext-$i
    try ip netns add "$host" || return
    hosts+=("$host")
    echo "10.77.0.$i $host" >>"$scratch/hosts"
    ip netns exec "$host" ip link set lo up
    ip netns exec "$host" sh -c "echo 5 >/proc/sys/net/ipv4/tcp_retries2"
  done
  try unshare --uts --mount true || return
  if ((netem)); then
    try ip link add pretext type bridge || return
    links+=(pretext)
    ip link set pretext up
    for ((i = 1; i <= $1; ++i)); do
      try ip link add "link-$i" type veth peer name eth1 netns "${hosts[i - 1]}" || return
      links+=("link-$i")
      ip link set "link-$i" master pretext up
      try tc qdisc add dev "link-$i" root netem delay "${delay}ms" loss "$loss%" || return
    done
  else
    : >"$scratch/wire"
    # shellcheck disable=SC2046
    tools/hosts_wire.py "$delay" "$loss" $(seq -f "link-%g" "$1") >"$scratch/wire" 2>&1 &
    wire=$!
    for ((i = 0; i < 50; ++i)); do
      ! grep -q ready "$scratch/wire" || break
      sleep 0.1
    done
    grep -q ready "$scratch/wire" || { echo "not permitted here: $(cat "$scratch/wire")" && return 1; }
    for ((i = 1; i <= $1; ++i)); do
      try ip link set "link-$i" netns "${hosts[i - 1]}" name eth1 || return
    done
  fi
  for ((i = 1; i <= $1; ++i)); do
    ip -n "${hosts[i - 1]}" address add "10.77.0.$i/24" dev eth1
    ip -n "${hosts[i - 1]}" link set eth1 up
  done
}

# train DIRECTORY LENGTH: a training of a small autoencoder, for eval.
train() {
  printf "train pipelines/fashion_mnist_autoencoder.textproto --override '%s'" "
    encoder { [type.googleapis.com/pretext.Mlp] { hidden: 64 code: 16 } }
    head { [type.googleapis.com/pretext.MlpDecoder] { hidden: 64 } }
    schedule { decay: CONSTANT }
    train { blocks: 6 timeout_seconds: $timeout log_every: 5 $2 }
    evaluate { classify: false baselines { pca: false raw_input: false untrained_encoder: false } }
    output { directory: \"$1\" report: false report_samples: 0 tensorboard: false }"
}

# over_hosts WORDS: a process on each host, started from the first; the words are for a shell.
over_hosts() {
  local list
  list=$(IFS=, && echo "${hosts[*]}")
  "$scratch/agent" "${hosts[0]}" "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --host $list --map-by node \
    --bind-to none -mca plm_rsh_agent $scratch/agent -mca pml ob1 -mca btl tcp,self -mca btl_tcp_if_include 10.77.0.0/24 \
    -mca oob_tcp_if_include 10.77.0.0/24 -x OMP_NUM_THREADS=1 $program $1"
}

# one_process WORDS: of a shell; what it says only if it fails.
one_process() { OMP_NUM_THREADS=1 eval "$program $1" >"$scratch/said" 2>&1 || { cat "$scratch/said" && return 1; }; }

seconds() { awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $1 }"; }

# no_process_stays SECONDS: within them.
no_process_stays() {
  local host i left
  for ((i = 0; i < $1 * 10; ++i)); do
    left=
    for host in "${hosts[@]}"; do left+=$(processes_of "$host"); done
    [[ -n $left ]] || return 0
    sleep 0.1
  done
  for host in "${hosts[@]}"; do
    processes_of "$host" | xargs -r ps -o pid=,args= -p | sed "s/^/  stays on $host: /"
  done
  return 1
}

same_weights() {
  local count=$1 run=$scratch/of$1 start=$EPOCHREALTIME
  over_hosts "$(train "$run" "steps: 20")" >"$scratch/said" 2>&1 || { cat "$scratch/said" && fail "$count hosts: the run"; }
  if cmp "$scratch/one/checkpoint/weights.safetensors" "$run/checkpoint/weights.safetensors"; then
    echo "$count hosts: 20 steps and the evaluation in $(seconds "$start") s, and the weights are one process's"
  else
    fail "$count hosts: other weights"
  fi
  no_process_stays 5 || fail "$count hosts: processes stay after a run"
}

cut() {
  local count=$1 run=$scratch/cut$1 last=${hosts[-1]} pid start said status i
  over_hosts "$(train "$run" "steps: 100000 checkpoint_every_steps: 5")" >"$scratch/out" 2>"$scratch/said" &
  pid=$!
  for ((i = 0; i < 600; ++i)); do
    [[ ! -e $run/checkpoint ]] || break
    sleep 0.1
  done
  [[ -e $run/checkpoint ]] || fail "$count hosts: no checkpoint within a minute"
  sleep 1
  ip -n "$last" link set eth1 down
  start=$EPOCHREALTIME
  for ((i = 0; i < 600; ++i)); do
    if grep -q "^process" "$scratch/said" || ! kill -0 "$pid" 2>/dev/null; then break; fi
    sleep 0.1
  done
  said=$(seconds "$start")
  wait "$pid"
  status=$?
  echo "$count hosts, the link of $last cut: a word after $said s, status $status after $(seconds "$start") s"
  # Without what Open MPI says: between two lines, and after [HOST:PROCESS].
  awk '/^-----/ { own = !own; next } !own && !/^\[/' "$scratch/said" >"$scratch/ours"
  sed 's/^/  /' "$scratch/ours"
  ((status != 0)) || fail "$count hosts: status 0 of a run that was cut"
  if (($(wc -l <"$scratch/ours") != 1)) || ! grep -q "on host $last has said nothing for" "$scratch/ours"; then
    fail "$count hosts: not one message that names $last"
  fi
  no_process_stays 30 || fail "$count hosts: processes stay"
  echo "  the last process is gone after $(seconds "$start") s"
  one_process "train --resume $run --override 'train { steps: 1000 }'" || fail "$count hosts: no going on from the checkpoint"
  if cmp "$scratch/long/checkpoint/weights.safetensors" "$run/checkpoint/weights.safetensors"; then
    echo "  one process goes on from the checkpoint, to the weights of a run that was not cut"
  else
    fail "$count hosts: other weights after going on"
  fi
}

netem=1
ip link add link-0 type dummy 2>/dev/null || ip link add link-0 type veth peer name link-00
try tc qdisc add dev link-0 root netem delay 1ms || netem=0
ip link del link-0
((netem)) || echo "delay and loss are by tools/hosts_wire.py"

one_process "$(train "$scratch/one" "steps: 20")" && one_process "$(train "$scratch/long" "steps: 1000")" || exit 1
for count in 2 3; do
  if start_hosts "$count"; then
    same_weights "$count"
    cut "$count"
  else
    echo "$count hosts: passed over"
  fi
  end_hosts
done
exit "$failed"
