# A store with a drive for each tier is written to until the power goes. STORE_MODE is its durability,
# STORE_SECONDS how long it may write, STORE_WRITER the program that does.
mkfs.ext4 -q /dev/rig/nvme
mkfs.ext4 -q /dev/rig/sata-ssd
mkfs.ext4 -q /dev/rig/hdd
mount_tiers
"$storebench" store create /mnt/hot/store --warm /mnt/warm/tier --cold /mnt/cold/tier \
  --memory 64MiB || exit 1
sync
"$STORE_WRITER" /mnt/hot/store "$STORE_MODE" 0 move >/tmp/said &
until grep -q '^open' /tmp/said; do sleep 0.1; done
# What is copied here was acknowledged before the power went.
tail -n +1 -f /tmp/said &
sleep "$STORE_SECONDS"
rig-ctl power-cut
sleep 60
