import CLinux
import Glibc

/// A file system that is mounted, but nowhere: only this process reaches it, through a descriptor.
///
/// No mount table shows it, and the kernel takes it down when the process ends, however it ends.
/// The corresponding system calls are `fsopen`, `fsconfig` and `fsmount` (Linux 5.2).
public struct PrivateMount: ~Copyable, Sendable {
  /// Its root.
  private let descriptor: Int32
  /// Its root as a path that every thread of this process can open, and no other process.
  public var folder: FileSystemPath { FileSystemPath("/proc/self/fd/\(descriptor)") }

  /// Mounts a device.
  ///
  /// - Parameters:
  ///   - device: The device's node.
  ///   - type: The file system's type, such as `ext4`.
  /// - Throws: `DeviceError`, `.permission` where the user may not mount.
  public init(device: FileSystemPath, type: String) throws(DeviceError) {
    let name = device.description
    let context = linux_fsopen(type)
    guard context >= 0 else {
      throw DeviceError(errno: errno, operation: "fsopen \(type) for", path: name)
    }
    defer { close(context) }
    guard let source = device.withCString({ linux_fsconfig_string(context, "source", $0) }) else {
      throw .invalidPath(name)
    }
    guard source == 0, linux_fsconfig_create(context) == 0 else {
      throw DeviceError(errno: errno, operation: "mount", path: name)
    }
    let descriptor = linux_fsmount(context)
    guard descriptor >= 0 else {
      throw DeviceError(errno: errno, operation: "fsmount", path: name)
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}

extension DeviceFile {
  /// Writes zeros over `length` bytes from the beginning on, and waits until they are durable.
  ///
  /// - Throws: `DeviceError`
  public func zero(length: Int) throws(DeviceError) {
    let zeros = [UInt8](repeating: 0, count: length)
    var done = 0
    while done < length {
      let count = zeros.withUnsafeBytes { bytes in
        pwrite(descriptor, bytes.baseAddress?.advanced(by: done), length - done, off_t(done))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw DeviceError(errno: errno, operation: "write", path: path.description)
      }
      done += count
    }
    try synchronize()
  }
}
