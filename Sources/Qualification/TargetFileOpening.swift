import LinuxIO
import Measurements

/// Opens files as targets: the tool's own, or an existing one for reading.
struct TargetFileOpening {
  var request: TargetRequest

  init(_ request: TargetRequest) { self.request = request }

  /// Creates the tool's own file in a folder, or at a path that does not exist.
  func openScratch() throws(DeviceError) -> QualificationTarget {
    let path = request.path
    // A mistyped /dev/nvme9n1 must not become a file in memory that passes for a drive.
    let folder = (try? FileStatus(path: path))?.kind == .folder ? path : path.folder
    let room = try FileSystemRoom(at: folder)
    guard room.type != "devtmpfs" else { throw .missing(path.description) }

    let scratch = try ScratchFile(
      at: path, name: ".storebench-\(request.runID).dat", requestedBytes: request.sizeBytes,
      reserveBytes: request.freeSpaceReserveBytes)
    let backing = try DeviceBacking(ofFile: scratch.file)
    var notes: [String] = []
    var lock: DeviceLock?
    if let disk = backing.disk {
      do throws(DeviceError) {
        lock = try DeviceLock(disk)
      } catch {
        notes.append(
          "not alone on \(disk.node): \(error.description); figures may be disturbed")
      }
    }
    // Whoever holds no lock may be sharing the folder with a run that is still alive.
    if lock != nil { notes += Self.leftovers(in: folder, besides: scratch.path) }
    let subject = SubjectRecord(
      form: .file, path: path.description, openedPath: scratch.path.description,
      identity: backing.identity, rangeBytes: scratch.sizeBytes, shared: false)
    let descriptor = scratch.file.descriptor
    let opened = scratch.path
    return QualificationTarget(
      subject: subject, descriptor: descriptor, openedPath: opened, isWritable: true,
      memory: backing.memory, notes: notes, safety: nil,
      holding: TargetHolding(scratch: consume scratch, lock: consume lock))
  }

  /// What runs left in a folder that were killed, one note for each; nobody else's names begin so.
  private static func leftovers(in folder: FileSystemPath, besides own: FileSystemPath) -> [String]
  {
    KernelTree.live.entries(folder.description).filter {
      $0.hasPrefix(".storebench-") && ($0.hasSuffix(".store") || $0.hasSuffix(".dat"))
    }.map { folder.appending($0) }.filter { $0 != own }.map {
      "left behind by a run that was cut off: \($0); to remove it: rm -r "
        + SafetyRule.quoted($0.description)
    }
  }

  /// Opens an existing file for reading, where that was asked for.
  func openExisting() throws(DeviceError) -> QualificationTarget {
    let path = request.path
    guard request.readsExistingFile else { throw .exists(path.description) }
    let file: DeviceFile
    do throws(DeviceError) {
      file = try DeviceFile(path: path, access: [.direct])
    } catch {
      guard case .system(_, _, let code) = error, code == 22 else { throw error }
      throw .noDirectIO(
        path: path.description, fileSystem: (try? FileSystemRoom(at: path).type) ?? "unknown")
    }
    let status = try file.status()
    guard status.kind == .file else {
      throw .changed(path: path.description, detail: "it is \(status.kind.rawValue) now")
    }
    let backing = try DeviceBacking(ofFile: file)
    let block = UInt64(backing.identity.logicalBlockBytes)
    let asked = min(request.sizeBytes ?? status.sizeBytes, status.sizeBytes)
    let range = asked - asked % max(block, 1)
    guard range > 0 else { throw .empty(path.description) }
    let subject = SubjectRecord(
      form: .file, path: path.description, openedPath: path.description,
      identity: backing.identity, rangeBytes: range, shared: true)
    let descriptor = file.descriptor
    return QualificationTarget(
      subject: subject, descriptor: descriptor, openedPath: path, isWritable: false,
      memory: backing.memory, notes: ["an existing file, read only"], safety: nil,
      holding: TargetHolding(file: consume file))
  }
}
