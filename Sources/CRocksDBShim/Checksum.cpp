// CRC-32C by the processor's own instruction.
//
// Debian builds librocksdb for the oldest x86-64, whose processors have none, so that it goes by tables:
// 1.2 GB/s, and each byte of the log is summed. A definition in the program comes before that of a
// library, for the library's own calls as well.

#include <cstddef>
#include <cstdint>

#include "CRocksDBShim.h"

#if defined(__x86_64__)

#include <dlfcn.h>
#include <nmmintrin.h>

#include <cstring>

namespace {

using Extend = uint32_t (*)(uint32_t, const char *, size_t);

// The library's, for processors before 2008.
Extend byTables() {
  static const auto original =
      reinterpret_cast<Extend>(dlsym(RTLD_NEXT, "_ZN7rocksdb6crc32c6ExtendEjPKcm"));
  return original;
}

__attribute__((target("sse4.2"))) uint32_t byInstruction(uint32_t sum, const char *data, size_t bytes) {
  uint64_t state = ~sum;
  for (; bytes >= 8; bytes -= 8, data += 8) {
    uint64_t word;
    memcpy(&word, data, sizeof word);
    state = _mm_crc32_u64(state, word);
  }
  auto rest = static_cast<uint32_t>(state);
  for (; bytes > 0; bytes--, data++) rest = _mm_crc32_u8(rest, static_cast<unsigned char>(*data));
  return ~rest;
}

}  // namespace

namespace rocksdb::crc32c {

// As the library declares it: the sum of what `sum` is of, followed by `data`.
__attribute__((visibility("default"))) uint32_t Extend(uint32_t sum, const char *data, size_t bytes) {
  static const bool hasInstruction = __builtin_cpu_supports("sse4.2");
  return hasInstruction ? byInstruction(sum, data, bytes) : byTables()(sum, data, bytes);
}

}  // namespace rocksdb::crc32c

bool rocksdb_shim_sums_by_instruction(void) {
  void *found = dlsym(RTLD_DEFAULT, "_ZN7rocksdb6crc32c6ExtendEjPKcm");
  return found == reinterpret_cast<void *>(&rocksdb::crc32c::Extend) &&
         __builtin_cpu_supports("sse4.2");
}

uint32_t rocksdb_shim_checksum(uint32_t sum, const char *data, size_t bytes, bool by_tables) {
  return by_tables ? byTables()(sum, data, bytes) : rocksdb::crc32c::Extend(sum, data, bytes);
}

#else

bool rocksdb_shim_sums_by_instruction(void) { return false; }

#endif
