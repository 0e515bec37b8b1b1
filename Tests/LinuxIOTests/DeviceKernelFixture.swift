import Glibc
import Measurements

@testable import LinuxIO

/// A folder that looks like /sys, /proc and /dev of a machine that this one is not.
final class KernelFixture {
  let root: String
  var tree: KernelTree { KernelTree(root: root) }

  init() {
    var template = Array("/tmp/storebench-kernel.XXXXXX\0".utf8CString)
    root = mkdtemp(&template).map { String(cString: $0) } ?? ""
    precondition(!root.isEmpty, "mkdtemp failed")
  }

  deinit {
    if root.hasPrefix("/tmp/storebench-kernel.") { _ = system("rm -rf \(root)") }
  }

  /// Writes a file, with the folders above it.
  func write(_ path: String, _ text: String) { write(path, bytes: Array(text.utf8)) }

  func write(_ path: String, bytes: [UInt8]) {
    makeFolder(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
    guard let file = fopen(root + path, "w") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }

  func makeFolder(_ path: String) {
    var made = root
    for part in path.split(separator: "/") {
      made += "/" + part
      mkdir(made, 0o755)
    }
  }

  /// Makes a link to a path of the fixture.
  func link(_ path: String, to target: String) {
    makeFolder(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
    symlink(root + target, root + path)
  }

  /// Adds a device at a folder under /sys/devices and all the links that lead to it.
  func add(
    _ name: String, at folder: String, number: String, sectors: Int = 2_097_152,
    partition: Int? = nil
  ) {
    let path = "\(folder)/\(name)"
    write(path + "/dev", number + "\n")
    write(path + "/size", "\(sectors)\n")
    write(path + "/ro", "0\n")
    makeFolder(path + "/holders")
    makeFolder(path + "/slaves")
    link("/sys/dev/block/\(number)", to: path)
    link("/sys/class/block/\(name)", to: path)
    if let partition {
      write(path + "/partition", "\(partition)\n")
      write(path + "/start", "2048\n")
    } else {
      link("/sys/block/\(name)", to: path)
    }
  }

  /// Builds `upper` on `lower`, as md and device-mapper show it.
  func stack(_ upper: String, on lower: String) {
    guard let above = tree.realPath("/sys/class/block/\(upper)"),
      let below = tree.realPath("/sys/class/block/\(lower)")
    else { return }
    link("\(below)/holders/\(upper)", to: above)
    link("\(above)/slaves/\(lower)", to: below)
  }

  /// The identity of a device, read while the folder is sure to be there.
  func identity(of name: String) -> DeviceIdentity? {
    device(name).map { DeviceIdentitySource($0).identity }
  }

  func device(_ name: String) -> BlockDevice? { BlockDevice(name: name, tree: tree) }
}
