
# Drives that go wrong while they are under load, each in its own way; the rig was told of the
# read and write errors of the SATA SSD before it started.
attempt_fault() { qualify "$@" --set stall-limit=5s; }

# Nothing that this tier asks for turns: judged by identity, before any load.
before=$(count hdd rd)
qualify hdd-as-hot 30 hot /dev/sdb --profile "$RIG_FIXTURES/rig-read.yaml"
fact hdd-as-hot "reads=$(($(count hdd rd) - before))"

# Below the bad blocks: what may be written is, and no further than it was told.
before=$(count sata-ssd wr)
qualify written 60 warm /dev/sda --profile "$RIG_FIXTURES/rig-write.yaml" --size 8MiB \
  --destroy-data RIGSATASSD0001
fact written "writes=$(($(count sata-ssd wr) - before))"

qualify read-error 60 warm /dev/sda --profile "$RIG_FIXTURES/rig-scan.yaml"
qualify write-error 60 warm /dev/sda --profile "$RIG_FIXTURES/rig-write.yaml" \
  --destroy-data RIGSATASSD0001

once_loaded hdd 100 stall:hdd &
attempt_fault stall 27 cold /dev/sdb --profile "$RIG_FIXTURES/rig-cold.yaml"
fact stall "after=$(($(date +%s%3N) - $(cat "$RIG_SHARED/acted-stall-hdd")))"
# Within 30 s of the stall, or the guest's kernel resets the port and QEMU freezes with it.
rig-ctl resume:hdd >/dev/null
wait

once_loaded nvme 2000 unplug:nvme &
attempt_fault unplug 30 hot /dev/nvme0n1 --profile "$RIG_FIXTURES/rig-read.yaml"
fact unplug "after=$(($(date +%s%3N) - $(cat "$RIG_SHARED/acted-unplug-nvme")))"
wait
