internal import LinuxIO
internal import Measurements
internal import Workloads

/// The file system that a run makes on a device for its store, and removes again.
///
/// 1. Give up the exclusive open, look once more that the device is free and carries nothing, and make
///    an ext4 whose label names the run; mkfs itself refuses a device that somebody holds.
/// 2. Mount it nowhere: only this process reaches it, and the kernel takes it down with the process.
/// 3. Take it down, open the device exclusively, and erase the signature, if it is the run's own.
///
/// A process that is killed in between leaves an ext4 with its label; a later run refuses the device
/// as it does any that carries data, and says what it is and how to erase it.
final class EngineVolume {
  /// The folder for the store.
  private(set) var folder: FileSystemPath
  private let node: FileSystemPath
  private let label: String
  private var mount: PrivateMount?

  /// Labels of all runs begin so; ext4 keeps 16 bytes.
  static let labelPrefix = "storebench-"
  static let type = "ext4"
  /// The signature lies in the first kibibytes; a mebibyte takes all that a prober reads there.
  static let signatureBytes = 1 << 20

  /// Whether a signature is that of a run's own file system.
  static func isOwn(_ signature: Signature) -> Bool {
    signature.type == type && (signature.label ?? "").hasPrefix(labelPrefix)
  }

  /// The label of a run's file system.
  static func label(of runID: RunID) -> String {
    labelPrefix + runID.description.prefix(16 - labelPrefix.utf8.count)
  }

  /// Makes the file system on the device's first bytes and mounts it.
  ///
  /// - Throws: `TargetFailure` where the device is in use, or the file system cannot be made.
  init(on target: QualificationTarget, runID: RunID, bytes: UInt64) async throws {
    label = Self.label(of: runID)
    guard let program = SystemProgram.find("mkfs.ext4", in: SystemProgram.searchFolders) else {
      throw TargetFailure(
        category: .environment,
        description: "mkfs.ext4 (package e2fsprogs) is not installed, and the engine layer needs a "
          + "file system on \(target.openedPath); install it, or choose --layer raw")
    }
    node = try target.releaseDevice()
    try Self.requireEmpty(node)
    // Inode tables are written at once, so that nothing of it disturbs what is measured; a store has
    // few files. One -F allows a whole disk, and still no disk that is mounted or held.
    let answer = await SystemProgram.run(
      program,
      [
        "-q", "-F", "-L", label, "-m", "0", "-b", "4096", "-i", "4194304", "-E",
        "lazy_itable_init=0,lazy_journal_init=0,nodiscard", node.description, "\(bytes / 4096)",
      ], timeLimit: .seconds(600))
    guard answer.succeeded else {
      let why = answer.complaint.isEmpty ? answer.reason ?? "no reason given" : answer.complaint
      throw TargetFailure(
        category: .environment, description: "\(program) on \(node) failed: \(why)")
    }
    mount = nil
    folder = ""
    try attach()
  }

  private func attach() throws(TargetFailure) {
    do throws(DeviceError) {
      let mount = try PrivateMount(device: node, type: Self.type)
      folder = mount.folder
      self.mount = consume mount
    } catch {
      Self.erase(node, label: label)
      throw TargetFailure(error)
    }
  }

  /// Takes the file system down and erases its signature.
  func remove() {
    mount = nil
    Self.erase(node, label: label)
  }

  /// Looks once more, with nobody else on the device, that nothing is on it.
  private static func requireEmpty(_ node: FileSystemPath) throws(TargetFailure) {
    let found = try TargetFailure.catching { () throws(DeviceError) in
      let file = try DeviceFile(path: node, access: [.exclusive])
      return try SignatureProbe.signatures(on: file)
    }
    guard let first = found.first else { return }
    throw TargetFailure(
      category: .refused,
      description: "stopped: \(node) carries a signature of \(first.type) that was not there before"
    )
  }

  /// Erases the run's own signature, and nobody else's; what is left is told by the next run.
  private static func erase(_ node: FileSystemPath, label: String) {
    // The kernel lets go of a file system a moment after its last user.
    for _ in 0..<100 {
      do throws(DeviceError) {
        let file = try DeviceFile(path: node, access: [.exclusive, .writing])
        let signatures = try SignatureProbe.signatures(on: file)
        guard signatures.contains(where: { isOwn($0) && $0.label == label }) else { return }
        try file.zero(length: signatureBytes)
        return
      } catch {
        guard case .busy = error else { return }
        MonotonicClock.sleep(Nanoseconds(100_000_000))
      }
    }
  }
}
