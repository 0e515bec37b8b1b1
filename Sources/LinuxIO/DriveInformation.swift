import Glibc

/// The 512 bytes that an ATA drive answers to IDENTIFY DEVICE.
///
/// Source: ACS-4, words 10–19 serial, 23–26 firmware, 27–46 model, 76–77 SATA, 217 rotation rate.
struct DriveInformation: Equatable {
  var model: String?
  var serial: String?
  var firmware: String?
  /// Revolutions per minute, 0 for a non-rotating medium; nil where the drive does not say.
  var rotationRate: Int?
  /// SATA generation in use.
  var linkGeneration: Int?
  /// Best SATA generation that the drive is able of.
  var linkGenerationMax: Int?

  /// - Parameters:
  ///   - bytes: At least 512 bytes, words with the low byte first.
  ///   - textInOrder: Whether strings were already turned from ATA's byte order, as
  ///     HDIO_GET_IDENTITY does.
  init?(_ bytes: [UInt8], textInOrder: Bool) {
    guard bytes.count >= 512 else { return nil }
    func word(_ index: Int) -> Int { Int(bytes[index * 2]) | Int(bytes[index * 2 + 1]) << 8 }
    func text(_ words: ClosedRange<Int>) -> String? {
      var part: [UInt8] = []
      for index in words {
        let first = bytes[index * 2]
        let second = bytes[index * 2 + 1]
        part += textInOrder ? [first, second] : [second, first]
      }
      return VitalProductPage.printable(part)
    }
    serial = text(10...19)
    firmware = text(23...26)
    model = text(27...46)
    rotationRate = VitalProductPage.rotation(word(217))
    // Both words are 0 or all ones on drives without SATA.
    let able = word(76)
    if able != 0, able != 0xFFFF {
      linkGenerationMax = (1...3).last { able & (1 << $0) != 0 }
      let current = (word(77) >> 1) & 7
      linkGeneration = (1...3).contains(current) ? current : nil
    }
  }

  /// Takes the IDENTIFY data out of SCSI's ATA Information page, 89h, where they begin at byte 60.
  init?(vitalProductPage page: [UInt8]) {
    guard page.count >= 572, page[1] == 0x89 else { return nil }
    self.init(Array(page[60..<572]), textInOrder: false)
  }
}

/// Vital product data pages of SCSI.
///
/// Source: SPC-5 (80h, unit serial number) and SBC-4 (B1h, block device characteristics).
enum VitalProductPage {
  /// The serial of page 80h.
  static func serial(_ page: [UInt8]) -> String? {
    guard page.count > 4, page[1] == 0x80 else { return nil }
    let length = Int(page[2]) << 8 | Int(page[3])
    return printable(Array(page.dropFirst(4).prefix(length)))
  }

  /// The rotation rate of page B1h.
  static func rotationRate(_ page: [UInt8]) -> Int? {
    guard page.count >= 6, page[1] == 0xB1 else { return nil }
    return rotation(Int(page[4]) << 8 | Int(page[5]))
  }

  /// 0001h is a non-rotating medium, 0401h…FFFEh a rate; all else says nothing.
  static func rotation(_ code: Int) -> Int? {
    switch code {
    case 1: 0
    case 0x0401...0xFFFE: code
    default: nil
    }
  }

  /// The text without padding; nil where nothing printable is left.
  static func printable(_ bytes: [UInt8]) -> String? {
    let kept = bytes.map { (0x20...0x7E).contains($0) ? $0 : 0x20 }
    guard let first = kept.firstIndex(where: { $0 != 0x20 }),
      let last = kept.lastIndex(where: { $0 != 0x20 })
    else { return nil }
    return String(decoding: kept[first...last], as: UTF8.self)
  }
}

/// An open drive that can be asked who it is.
struct DriveQuestion: ~Copyable {
  private let file: DeviceFile

  /// Opens the disk's node for reading; nil where that is not possible or it is another device.
  init?(_ disk: BlockDevice) {
    guard let file = try? DeviceFile(path: FileSystemPath(disk.node), access: []),
      let status = try? file.status(), status.kind == .blockDevice,
      status.deviceNumber == disk.number
    else { return nil }
    self.file = file
  }

  /// The IDENTIFY data by HDIO_GET_IDENTITY, which libata answers from memory.
  func driveInformation() -> DriveInformation? {
    var bytes = [UInt8](repeating: 0, count: 512)
    let result = bytes.withUnsafeMutableBytes { buffer in
      buffer.baseAddress.map { ioctl(file.descriptor, LinuxFlag.driveIdentity, $0) } ?? -1
    }
    if result == 0 { return DriveInformation(bytes, textInOrder: true) }
    return vitalProductPage(0x89).flatMap { DriveInformation(vitalProductPage: $0) }
  }

  /// A vital product data page by SG_IO with INQUIRY.
  func vitalProductPage(_ page: UInt8) -> [UInt8]? {
    let length = 572
    var answer = [UInt8](repeating: 0, count: length)
    var command: [UInt8] = [0x12, 1, page, UInt8(length >> 8), UInt8(length & 0xFF), 0]
    var sense = [UInt8](repeating: 0, count: 32)
    // struct sg_io_hdr of <scsi/sg.h>, 88 bytes where pointers have 8.
    var header = [UInt8](repeating: 0, count: 88)
    let result = answer.withUnsafeMutableBytes { answer in
      command.withUnsafeMutableBytes { command in
        sense.withUnsafeMutableBytes { sense in
          header.withUnsafeMutableBytes { header -> Int32 in
            header.storeBytes(of: Int32(UInt8(ascii: "S")), toByteOffset: 0, as: Int32.self)
            header.storeBytes(of: -3, toByteOffset: 4, as: Int32.self)  // SG_DXFER_FROM_DEV
            header.storeBytes(of: UInt8(command.count), toByteOffset: 8, as: UInt8.self)
            header.storeBytes(of: UInt8(sense.count), toByteOffset: 9, as: UInt8.self)
            header.storeBytes(of: UInt32(answer.count), toByteOffset: 12, as: UInt32.self)
            header.storeBytes(
              of: UInt(bitPattern: answer.baseAddress), toByteOffset: 16, as: UInt.self)
            header.storeBytes(
              of: UInt(bitPattern: command.baseAddress), toByteOffset: 24, as: UInt.self)
            header.storeBytes(
              of: UInt(bitPattern: sense.baseAddress), toByteOffset: 32, as: UInt.self)
            header.storeBytes(of: 5000, toByteOffset: 40, as: UInt32.self)  // milliseconds
            return header.baseAddress.map {
              ioctl(file.descriptor, LinuxFlag.scsiGeneric, $0)
            } ?? -1
          }
        }
      }
    }
    // Byte 64 is the SCSI status; the host and driver status follow at 68 and 70.
    guard result == 0, header[64] == 0, header[68] == 0, header[69] == 0, answer[1] == page else {
      return nil
    }
    return answer
  }
}
