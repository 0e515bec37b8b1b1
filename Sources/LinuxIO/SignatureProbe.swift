import CBlkID
import Glibc

/// A trace of data on a device: a file system, a member of an array, swap, or a partition table.
public struct Signature: Sendable, Hashable {
  /// What libblkid calls it, such as `ext4`, `LVM2_member` or `gpt`.
  public var type: String
  /// `filesystem`, `raid`, `crypto`, `other`, or `partition-table`.
  public var usage: String
  /// The label, where there is one.
  public var label: String?
  /// Where it lies on the device that was looked at, in bytes.
  public var offsetBytes: UInt64?
}

/// Looks for signatures with libblkid, without any cache and without udev.
public enum SignatureProbe {
  /// All signatures in `length` bytes of an open device or file from `offset` on.
  ///
  /// Nothing is written. Every prober runs; one hit does not hide the next, and a bad checksum
  /// hides nothing.
  ///
  /// - Throws: `DeviceError` where the bytes could not be looked at.
  public static func signatures(
    on file: borrowing DeviceFile, offset: UInt64 = 0, length: UInt64 = 0
  ) throws(DeviceError) -> [Signature] {
    let path = file.path.description
    guard let probe = blkid_new_probe() else {
      throw .system(operation: "blkid_new_probe", path: path, errno: ENOMEM)
    }
    defer { blkid_free_probe(probe) }
    guard let start = Int64(exactly: offset), let size = Int64(exactly: length),
      blkid_probe_set_device(probe, file.descriptor, start, size) == 0
    else {
      throw .system(operation: "read signatures of", path: path, errno: errno == 0 ? EIO : errno)
    }
    blkid_probe_enable_superblocks(probe, 1)
    blkid_probe_set_superblocks_flags(
      probe,
      BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE | BLKID_SUBLKS_LABEL | BLKID_SUBLKS_MAGIC
        | BLKID_SUBLKS_BADCSUM)
    blkid_probe_enable_partitions(probe, 1)
    blkid_probe_set_partitions_flags(probe, BLKID_PARTS_MAGIC | BLKID_PARTS_FORCE_GPT)

    var found: [Signature] = []
    // The library steps from one hit to the next; the bound is for one that would not end.
    for _ in 0..<256 {
      errno = 0
      let result = blkid_do_probe(probe)
      if result == 1 { return found }
      guard result == 0 else {
        throw .system(operation: "read signatures of", path: path, errno: errno == 0 ? EIO : errno)
      }
      if let type = value("PTTYPE", of: probe) {
        add(
          Signature(
            type: type, usage: "partition-table", label: nil,
            offsetBytes: value("PTMAGIC_OFFSET", of: probe).flatMap { UInt64($0) }), to: &found)
      }
      if let type = value("TYPE", of: probe) {
        add(
          Signature(
            type: type, usage: value("USAGE", of: probe) ?? "other",
            label: value("LABEL", of: probe),
            offsetBytes: value("SBMAGIC_OFFSET", of: probe).flatMap { UInt64($0) }), to: &found)
      }
    }
    return found
  }

  private static func add(_ signature: Signature, to found: inout [Signature]) {
    if !found.contains(signature) { found.append(signature) }
  }

  private static func value(_ name: String, of probe: blkid_probe) -> String? {
    var data: UnsafePointer<CChar>?
    guard blkid_probe_lookup_value(probe, name, &data, nil) == 0, let data else { return nil }
    let text = String(cString: data)
    return text.isEmpty ? nil : text
  }
}
