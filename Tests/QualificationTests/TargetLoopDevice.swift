import Glibc

/// Runs a script with `sh -e` and returns its status and output.
@discardableResult
func shell(_ script: String) -> (status: Int32, output: String) {
  guard let pipe = popen("exec 2>&1; PATH=$PATH:/usr/sbin:/sbin; set -e; \(script)", "r") else {
    return (-1, "popen failed")
  }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 4096)
  while true {
    let count = fread(&chunk, 1, chunk.count, pipe)
    if count == 0 { break }
    bytes += chunk[..<count]
  }
  var text = String(decoding: bytes, as: UTF8.self)
  while text.last == "\n" { text.removeLast() }
  return (pclose(pipe), text)
}

/// A loop device over an image of its own, both gone when it is closed.
final class LoopDevice {
  /// A folder for the image and mount points.
  let folder: String
  /// The image.
  let image: String
  /// The node, such as `/dev/loop3`.
  let node: String

  /// The node's name alone.
  var name: String { String(node.dropFirst("/dev/".count)) }

  /// Whether this machine lets us make loop devices.
  static let areAvailable: Bool = {
    geteuid() == 0 && shell("command -v losetup && test -e /dev/loop-control").status == 0
  }()

  /// Attaches a sparse image.
  ///
  /// - Parameters:
  ///   - mebibytes: Its size.
  ///   - prepare: A script on `$IMG` that runs before it is attached.
  ///   - options: Options of losetup.
  init(mebibytes: Int = 64, prepare: String = "true", options: String = "-P") throws {
    let made = shell("mktemp -d /var/tmp/storebench-test.XXXXXX")
    guard made.status == 0 else { throw ShellFailure(output: made.output) }
    folder = made.output
    image = folder + "/image"
    let attached = shell(
      """
      IMG=\(image); truncate -s \(mebibytes)M $IMG; (\(prepare)) >/dev/null 2>&1
      losetup -f --show \(options) $IMG
      """)
    guard attached.status == 0, attached.output.hasPrefix("/dev/loop") else {
      shell("rm -rf \(folder)")
      throw ShellFailure(output: attached.output)
    }
    node = attached.output
    // Some kernels are built without GPT; what they do not find by themselves is told to them.
    shell("partx -a \(node) >/dev/null || true")
  }

  /// Runs a script that knows `$DEV`, `$IMG` and the empty folder `$MNT`.
  func run(_ script: String) throws {
    let result = shell(
      "DEV=\(node); IMG=\(image); MNT=\(folder)/mnt; mkdir -p $MNT; \(script)")
    guard result.status == 0 else { throw ShellFailure(output: result.output) }
  }

  /// The checksum of the image's first bytes, or of all of it, with what the kernel held back.
  func checksum(firstBytes: Int? = nil) throws -> String {
    let part = firstBytes.map { "head -c \($0) \(image)" } ?? "cat \(image)"
    let result = shell("sync; \(part) | sha256sum")
    guard result.status == 0 else { throw ShellFailure(output: result.output) }
    return result.output
  }

  deinit {
    shell(
      """
      set +e; umount \(folder)/mnt 2>/dev/null; swapoff \(node) 2>/dev/null
      losetup -n -O NAME,BACK-FILE | while read over file; do
        case "$file" in \(node)|\(node)p*) losetup -d $over;; esac
      done
      losetup -d \(node)
      for try in 1 2 3 4 5 6 7 8 9 10; do losetup \(node) >/dev/null 2>&1 || break; sleep 0.1; done
      rm -rf \(folder)
      """)
  }
}

/// A script that did not do what the test needs.
struct ShellFailure: Error, CustomStringConvertible {
  var output: String
  var description: String { "a command of the test failed: \(output)" }
}
