#if arch(x86_64)
  import CRocksDBShim
  import TestSupport
  import Testing

  @Suite("The checksum of the log")
  struct ChecksumTests {
    @Test("goes by the processor's instruction, for the library's own calls as well")
    func interposed() { #expect(rocksdb_shim_sums_by_instruction()) }

    @Test("is the library's, of any bytes, at any place, in any parts")
    func same() {
      var generator = SeededGenerator(seed: 11)
      let bytes = (0..<4096).map { _ in CChar.random(in: .min ... .max, using: &generator) }
      bytes.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        for _ in 0..<2000 {
          let start = Int.random(in: 0..<4096, using: &generator)
          let count = Int.random(in: 0...(4096 - start), using: &generator)
          let sum = UInt32.random(in: .min ... .max, using: &generator)
          let expected = rocksdb_shim_checksum(sum, base + start, count, true)
          #expect(rocksdb_shim_checksum(sum, base + start, count, false) == expected)
          let middle = Int.random(in: 0...count, using: &generator)
          let first = rocksdb_shim_checksum(sum, base + start, middle, false)
          #expect(
            rocksdb_shim_checksum(first, base + start + middle, count - middle, false) == expected)
        }
        // Source: RFC 3720, appendix B.4: 32 bytes of zeros.
        let zeros = [CChar](repeating: 0, count: 32)
        #expect(rocksdb_shim_checksum(0, zeros, 32, false) == 0x8A91_36AA)
      }
    }
  }
#endif
