
# Each case brings the NVMe drive into some use, then asks for its destruction. The image's hash
# and QEMU's count of writes are taken right before and right after. The profile is the shipped one.
modprobe -a ext4 dm-mod raid1 2>/dev/null
drive=/dev/nvme0n1
mkdir -p /run/mount /run/lock/lvm
lvm_options='devices { use_devicesfile=0 filter=["a|/dev/nvme|","r|.*|"] } activation { udev_sync=0 udev_rules=0 verify_udev_operations=1 }'

refusal() {
  local name=$1 target=$2 hash writes
  shift 2
  quiet nvme
  hash=$(sha256 nvme)
  writes=$(count nvme wr)
  qualify "$name" 40 hot "$target" "$@"
  fact "$name" "writes=$(($(count nvme wr) - writes))" \
    "hash=$([ "$hash" = "$(sha256 nvme)" ] && echo same || echo changed)"
}
destroy=(--destroy-data RIGNVME0001)

# An empty drive: what is refused here is refused for the words alone.
refusal wrong-serial $drive --destroy-data RIGNVME0002
refusal serial-of-another $drive --destroy-data RIGHDD0001

mkfs.ext2 -q -F $drive
refusal signature $drive "${destroy[@]}"
refusal alias /dev/rig/nvme "${destroy[@]}"
wipefs -qa $drive

printf 'label: gpt\n,16M\n,\n' | sfdisk -q $drive
refusal partition-table $drive "${destroy[@]}"
mkfs.ext2 -q ${drive}p1
mount -o noatime ${drive}p1 /run/mount
# Frozen, or the file system would write its own superblock at a time of its choosing.
fsfreeze --freeze /run/mount
refusal mounted-child $drive "${destroy[@]}"
refusal partition ${drive}p2 "${destroy[@]}"
fsfreeze --unfreeze /run/mount
umount /run/mount

mkswap -q ${drive}p1
swapon ${drive}p1
refusal swap $drive "${destroy[@]}"
swapoff ${drive}p1
wipefs -qa ${drive}p1

mdadm --quiet --create /dev/md0 --run --level=1 --raid-devices=2 --metadata=1.2 ${drive}p1 missing
mdadm --quiet --readonly /dev/md0
refusal md-member $drive "${destroy[@]}"
mdadm --quiet --stop /dev/md0
refusal md-stopped $drive "${destroy[@]}"
mdadm --quiet --zero-superblock ${drive}p1

pvcreate -q -y --config "$lvm_options" ${drive}p2 >/dev/null
refusal lvm-physical-volume $drive "${destroy[@]}"
vgcreate -q --config "$lvm_options" store ${drive}p2 >/dev/null
lvcreate -q -y -W n -Z n --noudevsync --config "$lvm_options" -n volume -L 8M store >/dev/null
refusal lvm-logical-volume $drive "${destroy[@]}"
vgchange -q -an --config "$lvm_options" store >/dev/null
wipefs -qa ${drive}p2
wipefs -qa ${drive}p1 2>/dev/null
wipefs -qa $drive

printf '0 20480 linear %s 0\n' $drive | dmsetup create --noudevsync held
refusal device-mapper $drive "${destroy[@]}"
dmsetup remove --noudevsync held

# Another program holds it as its own.
python3 -c 'import os, sys, time; os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL); time.sleep(120)' $drive &
holder=$!
sleep 1
refusal held-exclusively $drive "${destroy[@]}"
kill $holder
