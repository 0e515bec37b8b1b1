# What every script of the rig tests begins with. STOREBENCH_BINARY is the program under test,
# RIG_SHARED a folder of the host that the tests read, RIG_FIXTURES the folder of this file.
set -u
storebench=$STOREBENCH_BINARY

# attempt NAME SECONDS COMMAND…: runs it for at most so long, keeps what it says in
# $RIG_SHARED/NAME, and reports its exit code (137 where it had to be killed) and its time.
attempt() {
  local name=$1 limit=$2 status=0 before after
  shift 2
  mkdir -p "$RIG_SHARED/$name"
  before=$(date +%s%3N)
  timeout --signal=KILL "$limit" "$@" \
    >"$RIG_SHARED/$name/stdout" 2>"$RIG_SHARED/$name/stderr" </dev/null || status=$?
  after=$(date +%s%3N)
  printf 'CASE %s exit=%s ms=%s\n' "$name" "$status" $((after - before))
}

# fact NAME KEY=VALUE…: something else that the test looks at.
fact() { printf 'CASE %s\n' "$*"; }

# qualify NAME SECONDS TIER TARGET ARGS…: an attempt of the main job, its results kept.
qualify() {
  local name=$1 limit=$2 tier=$3 target=$4
  shift 4
  attempt "$name" "$limit" "$storebench" qualify --tier "$tier" "$target" \
    --out "$RIG_SHARED/$name/results" --progress none "$@"
}

# count DRIVE rd|wr: requests that QEMU has completed.
count() { rig-ctl "blockstats:$1" | sed "s/.*\"$2_operations\": \([0-9]*\).*/\1/"; }

# sha256 DRIVE: of the whole image, read by the host.
sha256() { rig-ctl "hash:$1" | tr -dc 'a-f0-9' | tail -c 64; }

# quiet DRIVE: waits until nothing has been written to it for a second.
quiet() {
  local last now=-1
  sync
  while last=$now && now=$(count "$1" wr) && [ "$last" != "$now" ]; do sleep 1; done
}

# once_loaded DRIVE NUMBER ACTION: waits for that many more reads, then asks the rig for ACTION.
once_loaded() {
  local start
  start=$(count "$1" rd)
  while [ $(($(count "$1" rd) - start)) -lt "$2" ]; do sleep 0.2; done
  rig-ctl "$3" >/dev/null
  date +%s%3N >"$RIG_SHARED/acted-${3%%:*}-$1"
}

# mount_tiers: each drive's file system at /mnt, by the tier that it serves.
mount_tiers() {
  mkdir -p /mnt/hot /mnt/warm /mnt/cold
  mount /dev/rig/nvme /mnt/hot
  mount /dev/rig/sata-ssd /mnt/warm
  mount /dev/rig/hdd /mnt/cold
}
