import FoundationEssentials
public import Measurements

/// Reads what nvme-cli and smartctl print as JSON; pure, and tolerant of what versions change.
public enum HealthParser {
  /// The output of `nvme smart-log -o json`.
  ///
  /// - Returns: nil where it is no such output.
  /// - Parameters:
  ///   - output: The bytes printed.
  ///   - source: The program, with its version.
  public static func nvme(_ output: [UInt8], source: String) -> HealthRecord? {
    guard let log = JSONNode(output), log["critical_warning"] != nil, log["temperature"] != nil
    else { return nil }
    var record = HealthRecord(source: source)
    record.criticalWarning =
      (log["critical_warning"]?.number).flatMap { Int(exactly: $0) }
      ?? log["critical_warning"]?["value"]?.integer
    // Kelvin, unlike smartctl's; a drive without a sensor says 0.
    if let kelvin = log["temperature"]?.integer, kelvin > 0 {
      record.temperatureCelsius = kelvin - 273
    }
    record.mediaErrors = log["media_errors"]?.count
    record.availableSparePercent = log["avail_spare"]?.integer
    record.availableSpareThresholdPercent = log["spare_thresh"]?.integer
    record.percentageUsed = log["percent_used"]?.integer
    record.dataWrittenBytes = log["data_units_written"]?.count.flatMap(bytesOfUnits)
    record.powerOnHours = log["power_on_hours"]?.count
    record.unsafeShutdowns = log["unsafe_shutdowns"]?.count
    record.thermalThrottleCount = sum(
      log["thm_temp1_trans_count"]?.count, log["thm_temp2_trans_count"]?.count)
    record.warningTemperatureMinutes = sum(
      log["warning_temp_time"]?.count, log["critical_comp_time"]?.count)
    return record
  }

  /// The output of `smartctl -j -a`, for NVMe, ATA and SCSI drives.
  ///
  /// - Returns: nil where it is no such output, or smartctl could not ask the drive.
  /// - Parameters:
  ///   - output: The bytes printed.
  ///   - path: Where smartctl lies, for the record.
  public static func smartctl(_ output: [UInt8], path: String) -> HealthRecord? {
    guard let report = JSONNode(output), let program = report["smartctl"] else { return nil }
    let version = program["version"]?.items?.compactMap { $0.integer.map { "\($0)" } }
      .joined(separator: ".")
    var record = HealthRecord(source: path + (version.map { " \($0)" } ?? ""))
    record.smartPassed = report["smart_status"]?["passed"]?.flag
    record.temperatureCelsius = report["temperature"]?["current"]?.integer
    record.powerOnHours = report["power_on_time"]?["hours"]?.count
    if let log = report["nvme_smart_health_information_log"] {
      record.criticalWarning = log["critical_warning"]?.integer
      record.mediaErrors = log["media_errors"]?.count
      record.availableSparePercent = log["available_spare"]?.integer
      record.availableSpareThresholdPercent = log["available_spare_threshold"]?.integer
      record.percentageUsed = log["percentage_used"]?.integer
      record.dataWrittenBytes = log["data_units_written"]?.count.flatMap(bytesOfUnits)
      record.unsafeShutdowns = log["unsafe_shutdowns"]?.count
      record.warningTemperatureMinutes = sum(
        log["warning_temp_time"]?.count, log["critical_comp_time"]?.count)
    }
    let blockBytes = report["logical_block_size"]?.count ?? 512
    if let attributes = report["ata_smart_attributes"]?["table"]?.items {
      readAttributes(attributes, blockBytes: blockBytes, into: &record)
    }
    if let pages = report["ata_device_statistics"]?["pages"]?.items {
      readStatistics(pages, blockBytes: blockBytes, into: &record)
    }
    if let defects = report["scsi_grown_defect_list"]?.count { record.mediaErrors = defects }
    if let used = report["scsi_percentage_used_endurance_indicator"]?.integer {
      record.percentageUsed = used
    }
    let empty = HealthRecord(source: record.source)
    return record == empty ? nil : record
  }

  /// What smartctl said went wrong, where it said so.
  public static func smartctlMessage(_ output: [UInt8]) -> String? {
    let messages = JSONNode(output)?["smartctl"]?["messages"]?.items ?? []
    let texts = messages.compactMap { $0["string"]?.text }
    return texts.isEmpty ? nil : texts.joined(separator: "; ")
  }

  /// Attributes by number: 5 reallocated, 197 pending, 198 uncorrectable, 241 blocks written, 174 or
  /// 192 unexpected power losses, 231/233/202/177 wear, whose normalised value counts down from 100.
  private static func readAttributes(
    _ attributes: [JSONNode], blockBytes: UInt64, into record: inout HealthRecord
  ) {
    var raw: [Int: UInt64] = [:]
    var names: [Int: String] = [:]
    var values: [Int: Int] = [:]
    for attribute in attributes {
      guard let number = attribute["id"]?.integer else { continue }
      raw[number] = attribute["raw"]?["value"]?.count
      names[number] = attribute["name"]?.text
      values[number] = attribute["value"]?.integer
    }
    record.mediaErrors = sum(raw[5], raw[197], raw[198])
    if let blocks = raw[241], names[241]?.contains("LBAs") == true {
      let bytes = blocks.multipliedReportingOverflow(by: blockBytes)
      if !bytes.overflow { record.dataWrittenBytes = bytes.partialValue }
    }
    record.unsafeShutdowns = raw[174] ?? raw[192]
    let wear = [
      231: "SSD_Life_Left", 233: "Media_Wearout_Indicator", 177: "Wear_Leveling_Count",
      202: "Percent_Lifetime_Remain",
    ]
    for (number, name) in wear.sorted(by: { $0.key < $1.key }) where names[number] == name {
      if let value = values[number], (0...100).contains(value) {
        record.percentageUsed = record.percentageUsed ?? 100 - value
      }
    }
  }

  /// Pages of the ACS device statistics log, where the drive has it: more exact than attributes.
  private static func readStatistics(
    _ pages: [JSONNode], blockBytes: UInt64, into record: inout HealthRecord
  ) {
    for page in pages {
      for entry in page["table"]?.items ?? [] where entry["flags"]?["valid"]?.flag != false {
        switch (page["number"]?.integer, entry["name"]?.text) {
        case (1, "Logical Sectors Written"):
          if let blocks = entry["value"]?.count {
            let bytes = blocks.multipliedReportingOverflow(by: blockBytes)
            if !bytes.overflow { record.dataWrittenBytes = bytes.partialValue }
          }
        case (7, "Percentage Used Endurance Indicator"):
          record.percentageUsed = entry["value"]?.integer
        case (5, "Time in Over-Temperature"):
          record.warningTemperatureMinutes = entry["value"]?.count
        default: break
        }
      }
    }
  }

  /// NVMe counts in thousands of 512 bytes, rounded up.
  private static func bytesOfUnits(_ units: UInt64) -> UInt64? {
    let bytes = units.multipliedReportingOverflow(by: 512_000)
    return bytes.overflow ? nil : bytes.partialValue
  }

  /// The sum of those that are known; nil where none is.
  private static func sum(_ parts: UInt64?...) -> UInt64? {
    let known = parts.compactMap { $0 }
    return known.isEmpty ? nil : known.reduce(0) { $0 &+ $1 }
  }
}

/// A value of JSON whose shape is not known beforehand.
enum JSONNode: Decodable {
  case object([String: JSONNode])
  case array([JSONNode])
  case text(String)
  case integer(Int64)
  case natural(UInt64)
  case real(Double)
  case flag(Bool)
  case null

  /// Reads a whole document; nil where it is none.
  init?(_ bytes: [UInt8]) {
    guard let node = try? JSONDecoder().decode(JSONNode.self, from: Data(bytes)) else { return nil }
    self = node
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .flag(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(UInt64.self) {
      self = .natural(value)
    } else if let value = try? container.decode(Double.self) {
      self = .real(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([JSONNode].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONNode].self))
    }
  }

  subscript(key: String) -> JSONNode? {
    guard case .object(let members) = self else { return nil }
    return members[key]
  }

  var items: [JSONNode]? {
    guard case .array(let items) = self else { return nil }
    return items
  }

  var text: String? {
    guard case .text(let text) = self else { return nil }
    return text
  }

  var flag: Bool? {
    guard case .flag(let flag) = self else { return nil }
    return flag
  }

  /// The number, also where it is written as text, with or without group separators.
  var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .natural(let value): Double(value)
    case .real(let value): value
    case .text(let text): Double(text.filter { $0 != "," })
    default: nil
    }
  }

  /// The number as an Int, cut towards zero.
  var integer: Int? {
    if case .integer(let value) = self { return Int(value) }
    return number.flatMap { Int(exactly: $0.rounded(.towardZero)) }
  }

  /// The number as a count; nil where it is negative or beyond 64 bits.
  var count: UInt64? {
    switch self {
    case .integer(let value): UInt64(exactly: value)
    case .natural(let value): value
    case .text(let text): UInt64(text.filter { $0 != "," })
    default: number.flatMap { UInt64(exactly: $0.rounded(.towardZero)) }
    }
  }
}
