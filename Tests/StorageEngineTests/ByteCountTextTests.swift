import Testing

@testable import StorageEngine

@Suite("Bytes in messages have a unit") struct ByteCountTextTests {
  @Test(
    "that people read",
    arguments: [
      (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (1 << 20, "1 MiB"),
      ((1 << 20) - 1, "1023.9 KiB"), (17 << 20, "17 MiB"), (5 << 29, "2.5 GiB"),
      (UInt64.max, "17179869183.9 GiB"),
    ] as [(UInt64, String)])
  func text(count: UInt64, text: String) { #expect(ByteCountText.text(count) == text) }

  @Test("also in the store's errors")
  func errors() {
    let memory = StoreError.noMemory(
      neededBytes: 17 << 20, allowedBytes: 8 << 20, explanation: "hot …")
    #expect("\(memory)".hasPrefix("the store asks for 17 MiB of memory and may use 8 MiB: hot …;"))
    let long = StoreError.tooLarge(what: "value", bytes: 67_108_865, bytesMax: 64 << 20)
    #expect(
      "\(long)" == "a value of 67108865 bytes; at most 67108864 bytes (64 MiB) can be stored")
  }
}
