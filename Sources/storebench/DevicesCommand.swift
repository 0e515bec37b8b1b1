import ArgumentParser
import LinuxIO
import Measurements
import Qualification
import Reports

/// `storebench devices`: what is here.
struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices",
    abstract:
      "Lists the drives of this machine, the tier each could serve, and what stands against "
      + "writing to it.",
    discussion: """
      EXAMPLES
        storebench devices
        storebench devices --json
      """)

  @Flag(help: "Prints JSON.")
  var json = false

  func run() throws {
    let entries = DeviceInventory.all()
    StandardStream.output.write(
      json ? try InventoryText.json(entries) : InventoryText.table(entries))
  }
}
