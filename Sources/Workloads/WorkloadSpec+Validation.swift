extension WorkloadSpec {
  /// Refuses a workload that a device with this logical block cannot carry out as it is described.
  ///
  /// - Parameter logicalBlockBytes: 512, or 4096 for a 4Kn device.
  /// - Throws: `WorkloadError` with the value that is wrong and what to change.
  public func validate(logicalBlockBytes: Int) throws(WorkloadError) {
    guard logicalBlockBytes > 0, logicalBlockBytes % 512 == 0,
      let logical = UInt32(exactly: logicalBlockBytes)
    else {
      throw WorkloadError(
        "a logical block of \(logicalBlockBytes) bytes is not a multiple of 512")
    }
    try blocks.validate()
    for part in blocks.parts where part.bytes % logical != 0 {
      throw WorkloadError(
        "block size \(BlockSplit.sizeText(part.bytes)) is not a multiple of the device's logical "
          + "block of \(logical) bytes: use a multiple of \(BlockSplit.sizeText(logical))")
    }
    try validateRange(logical: UInt64(logical))
    try validateChoice()
  }

  private func validateRange(logical: UInt64) throws(WorkloadError) {
    for (name, bytes) in [
      ("start", rangeStartBytes), ("length", rangeBytes), ("first sequential offset", startBytes),
    ] where bytes % logical != 0 {
      throw WorkloadError(
        "the range's \(name) of \(bytes) bytes is not a multiple of the logical block of "
          + "\(logical) bytes")
    }
    let end = rangeStartBytes.addingReportingOverflow(rangeBytes)
    guard !end.overflow, end.partialValue <= UInt64(Int64.max) else {
      throw WorkloadError(
        "a range of \(rangeBytes) bytes from \(rangeStartBytes) ends beyond the largest offset "
          + "that Linux knows")
    }
    for part in blocks.parts {
      let fits =
        isSequential
        ? rangeBytes >= UInt64(part.bytes) : BlockGrid(bytes: part.bytes, spec: self).isAligned
      guard fits else {
        throw WorkloadError(
          "a range of \(rangeBytes) bytes from \(rangeStartBytes) holds no aligned block of "
            + "\(BlockSplit.sizeText(part.bytes)): use a larger range or smaller blocks")
      }
    }
    guard startBytes == 0 || startBytes < rangeBytes else {
      throw WorkloadError(
        "the first sequential offset of \(startBytes) bytes lies outside the range of "
          + "\(rangeBytes) bytes")
    }
  }

  private func validateChoice() throws(WorkloadError) {
    guard (0...100).contains(readPercent) else {
      throw WorkloadError("\(readPercent) % of reads is not 0 to 100")
    }
    try distribution.validate()
    guard !isSequential || distribution == .uniform else {
      throw WorkloadError(
        "\(kind.rawValue) takes no distribution, but \(distribution) was given: leave it out, or "
          + "use a random workload")
    }
    guard isSequential || startBytes == 0 else {
      throw WorkloadError(
        "\(kind.rawValue) has no first offset, but \(startBytes) bytes was given: leave it out, "
          + "or use a sequential workload")
    }
  }

  /// Whether requests ascend.
  var isSequential: Bool {
    switch kind {
    case .sequentialRead, .sequentialWrite: true
    case .randomRead, .randomWrite, .randomMix: false
    }
  }
}
