import Measurements
import Testing

@testable import Qualification

@Suite("A drive's health") struct HealthParserTests {
  static let nvme1 = """
    {"critical_warning":0,"temperature":318,"avail_spare":100,"spare_thresh":10,"percent_used":3,
     "endurance_grp_critical_warning_summary":0,"data_units_read":41230113,
     "data_units_written":88004512,"host_read_commands":612341233,"media_errors":0,
     "power_on_hours":9120,"unsafe_shutdowns":17,"num_err_log_entries":4,"warning_temp_time":2,
     "critical_comp_time":1,"temperature_sensor_1":318,"thm_temp1_trans_count":13,
     "thm_temp2_trans_count":1,"thm_temp1_total_time":40,"thm_temp2_total_time":2}
    """
  /// As newer versions print it: 128-bit counters as text, the warning as an object.
  static let nvme2 = """
    {"critical_warning":{"value":4,"available_spare":0,"temp_threshold":0,"reliability_degraded":1},
     "temperature":352,"avail_spare":8,"spare_thresh":10,"percent_used":101,
     "data_units_written":"340282366920938463463374607431768211455","media_errors":"12",
     "power_on_hours":"41,202","unsafe_shutdowns":"3"}
    """

  @Test("is read from nvme smart-log")
  func nvme() throws {
    let record = try #require(HealthParser.nvme(Array(Self.nvme1.utf8), source: "nvme 2.3"))
    #expect(record.source == "nvme 2.3")
    #expect(record.criticalWarning == 0 && record.temperatureCelsius == 45)
    #expect(record.availableSparePercent == 100 && record.availableSpareThresholdPercent == 10)
    #expect(record.percentageUsed == 3 && record.mediaErrors == 0)
    #expect(record.dataWrittenBytes == 88_004_512 * 512_000)
    #expect(record.powerOnHours == 9120 && record.unsafeShutdowns == 17)
    #expect(record.thermalThrottleCount == 14 && record.warningTemperatureMinutes == 3)
  }

  @Test("is read from a newer nvme-cli, and a counter beyond 64 bits is unknown")
  func newer() throws {
    let record = try #require(HealthParser.nvme(Array(Self.nvme2.utf8), source: "nvme"))
    #expect(record.criticalWarning == 4 && record.mediaErrors == 12)
    #expect(record.percentageUsed == 101 && record.powerOnHours == 41202)
    #expect(record.dataWrittenBytes == nil && record.thermalThrottleCount == nil)
  }

  static let ssd = """
    {"json_format_version":[1,0],"smartctl":{"version":[7,3],"exit_status":0},
     "model_name":"Micron_5400_MTFDDAK1T9TGA","logical_block_size":512,
     "smart_status":{"passed":true},"power_on_time":{"hours":5311},"temperature":{"current":34},
     "ata_smart_attributes":{"revision":16,"table":[
      {"id":5,"name":"Reallocated_Sector_Ct","value":100,"raw":{"value":2,"string":"2"}},
      {"id":174,"name":"Unexpect_Power_Loss_Ct","value":100,"raw":{"value":21}},
      {"id":197,"name":"Current_Pending_Sector","value":100,"raw":{"value":1}},
      {"id":198,"name":"Offline_Uncorrectable","value":100,"raw":{"value":0}},
      {"id":202,"name":"Percent_Lifetime_Remain","value":97,"raw":{"value":3}},
      {"id":241,"name":"Total_LBAs_Written","value":100,"raw":{"value":1000000}}]}}
    """
  static let disk = """
    {"smartctl":{"version":[7,3]},"logical_block_size":4096,"smart_status":{"passed":false},
     "power_on_time":{"hours":30001},"temperature":{"current":41},
     "ata_smart_attributes":{"table":[
      {"id":5,"name":"Reallocated_Sector_Ct","value":60,"raw":{"value":1024}},
      {"id":192,"name":"Power-Off_Retract_Count","value":100,"raw":{"value":9}},
      {"id":197,"name":"Current_Pending_Sector","value":99,"raw":{"value":16}}]},
     "ata_device_statistics":{"pages":[{"number":1,"table":[
      {"name":"Logical Sectors Written","value":500,"flags":{"valid":true}}]},
      {"number":5,"table":[{"name":"Time in Over-Temperature","value":7,"flags":{"valid":true}}]}]}}
    """

  @Test("is read from smartctl of a SATA SSD")
  func serialATA() throws {
    let record = try #require(
      HealthParser.smartctl(Array(Self.ssd.utf8), path: "/usr/sbin/smartctl"))
    #expect(record.source == "/usr/sbin/smartctl 7.3")
    #expect(record.smartPassed == true && record.temperatureCelsius == 34)
    #expect(record.mediaErrors == 3 && record.unsafeShutdowns == 21)
    #expect(record.percentageUsed == 3 && record.dataWrittenBytes == 512_000_000)
    #expect(record.powerOnHours == 5311 && record.criticalWarning == nil)
  }

  @Test("is read from smartctl of a hard disk that fails")
  func hardDisk() throws {
    let record = try #require(HealthParser.smartctl(Array(Self.disk.utf8), path: "smartctl"))
    #expect(record.smartPassed == false && record.mediaErrors == 1040)
    #expect(record.dataWrittenBytes == 500 * 4096 && record.warningTemperatureMinutes == 7)
    #expect(record.percentageUsed == nil)
  }

  @Test(
    "is unknown where the output is no health",
    arguments: [
      "", "{", "null", "[]", "{}", "critical_warning : 0", "{\"critical_warning\":{}}",
      "{\"smartctl\":{\"version\":[7,3],\"messages\":[{\"string\":\"Unable to detect device type\"}]}}",
    ])
  func none(output: String) {
    let bytes = Array(output.utf8)
    #expect(HealthParser.nvme(bytes, source: "nvme") == nil)
    #expect(HealthParser.smartctl(bytes, path: "smartctl") == nil)
  }

  @Test("is unknown with the program's own words where it could not ask")
  func words() {
    let output = #"{"smartctl":{"messages":[{"string":"Unable to detect device type"}]}}"#
    #expect(HealthParser.smartctlMessage(Array(output.utf8)) == "Unable to detect device type")
  }

  func drive() -> DeviceIdentity {
    DeviceIdentity(name: "nvme9n9", kind: .nvme, capacityBytes: 1, transport: "nvme")
  }

  /// A folder with a program of our own in the place of nvme.
  func program(_ script: String) -> String {
    let folder = shell("mktemp -d /var/tmp/storebench-test.XXXXXX").output
    shell("printf '%s\\n' '#!/bin/sh' '\(script)' > \(folder)/nvme; chmod +x \(folder)/nvme")
    return folder
  }

  @Test("is asked of the program that is there")
  func asked() async throws {
    let log = Self.nvme1.replacing("\n", with: "")
    let folder = program(
      "case $1 in version) echo nvme version 2.3;; *) echo \"\(log.replacing("\"", with: "\\\""))\";; esac"
    )
    defer { shell("rm -rf \(folder)") }
    // How soon it answers on a busy machine is not what is tested.
    let health = await DeviceHealth.read(drive(), folders: [folder], timeLimit: .seconds(300))
    let record = try #require(health.record, "\(health.reason ?? "")")
    #expect(record.source == "\(folder)/nvme 2.3" && record.temperatureCelsius == 45)
  }

  @Test("is unknown with a reason where the program hangs, floods or is missing")
  func bad() async {
    // How soon the others answer on a busy machine is not what is tested.
    for (script, says, limit) in [
      ("sleep 30", "no answer within", 0.7), ("yes", "nvme:", 300), ("exit 1", "no output", 300),
    ] {
      let folder = program(script)
      let health = await DeviceHealth.read(
        drive(), folders: [folder], timeLimit: .seconds(limit))
      #expect(health.record == nil && health.reason?.contains(says) == true, "\(health)")
      shell("rm -rf \(folder)")
    }
    let none = await DeviceHealth.read(drive(), folders: ["/nonexistent"])
    #expect(none.reason?.contains("nvme-cli") == true)
    var loop = drive()
    loop.transport = "loop"
    #expect(await DeviceHealth.read(loop).reason?.contains("loop device") == true)
  }
}
