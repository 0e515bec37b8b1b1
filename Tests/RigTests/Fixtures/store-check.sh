# What the power cut has left of the store of store-writer.sh.
mount_tiers
"$STORE_WRITER" /mnt/hot/store check
