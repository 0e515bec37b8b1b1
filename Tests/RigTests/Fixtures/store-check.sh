# What the power cut has left of the store of store-writer.sh.
mkdir -p /mnt/hot /mnt/warm /mnt/cold
mount /dev/rig/nvme /mnt/hot
mount /dev/rig/sata-ssd /mnt/warm
mount /dev/rig/hdd /mnt/cold
"$STORE_WRITER" /mnt/hot/store check
