#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

// An entry as RocksDB lays it out in a memtable (MemTable::Add, frozen by memtablerep.h):
//
//   varint32 n + 8 | n bytes of user key | 8 bytes: sequence << 8 | type | varint32 | value
//
// Entries ascend by user key, as bytes, and descend by the 8 bytes, read as a number.

// A user key and what makes one of its versions.
struct MemtableKey {
  const char *user;
  uint32_t userBytes;
  uint64_t version;
};

// RocksDB runs where bytes are stored least significant first, and so do we.
inline uint64_t loadNumber(const char *bytes) {
  uint64_t number;
  memcpy(&number, bytes, sizeof number);
  return number;
}

inline MemtableKey keyOf(const char *entry) {
  const auto *bytes = reinterpret_cast<const unsigned char *>(entry);
  uint32_t length = *bytes++;
  if (length >= 128) {
    length &= 127;
    for (int shift = 7;; shift += 7) {
      const uint32_t byte = *bytes++;
      length |= (byte & 127) << shift;
      if (byte < 128) break;
    }
  }
  const char *user = reinterpret_cast<const char *>(bytes);
  return {user, length - 8, loadNumber(user + length - 8)};
}

// An internal key as RocksDB seeks it: user key and the 8 bytes.
inline MemtableKey keyOf(const char *internal, size_t bytes) {
  return {internal, static_cast<uint32_t>(bytes - 8), loadNumber(internal + bytes - 8)};
}

inline bool sameUserKey(const MemtableKey &a, const MemtableKey &b) {
  return a.userBytes == b.userBytes && memcmp(a.user, b.user, a.userBytes) == 0;
}

// Below zero where `a` comes first.
inline int compareKeys(const MemtableKey &a, const MemtableKey &b) {
  const uint32_t shared = a.userBytes < b.userBytes ? a.userBytes : b.userBytes;
  const int order = memcmp(a.user, b.user, shared);
  if (order != 0) return order;
  if (a.userBytes != b.userBytes) return a.userBytes < b.userBytes ? -1 : 1;
  if (a.version == b.version) return 0;
  return a.version > b.version ? -1 : 1;
}
