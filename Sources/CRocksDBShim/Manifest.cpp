#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "CRocksDBShim.h"
#include "Manifest.hpp"

// The checksum of log records. No public header tells of it, but the library exports it.
namespace rocksdb {
namespace crc32c {
uint32_t Extend(uint32_t start, const char *data, size_t count);
}
}  // namespace rocksdb

// The manifest is a log of its own, whose records are synced one by one. A power cut may leave the one
// that was being written torn: RocksDB takes that for damage where more than its end is missing. It was
// never committed, so that without it the database is as it was before.
//
// A log is made of blocks of 32 KiB, a block of records: 4 bytes of checksum over what follows the
// length, 2 of length, 1 of type, and the data. A record that does not fit is cut into a first, middle
// and last part. What is left of a block below 7 bytes is not used. (rocksdb's log_format.h)

namespace {

constexpr size_t blockBytes = 32768;
constexpr size_t headBytes = 7;
constexpr unsigned char whole = 1, last = 4;

bool readAll(const std::string &path, std::string *text) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char buffer[65536];
  ssize_t count;
  while ((count = read(file, buffer, sizeof buffer)) > 0) text->append(buffer, static_cast<size_t>(count));
  close(file);
  return count == 0;
}

// Bytes of the record at `place`, head included; 0 where there is no whole and sound one.
size_t recordBytes(const std::string &log, size_t place) {
  const size_t left = blockBytes - place % blockBytes;
  if (left < headBytes || log.size() - place < headBytes) return 0;
  const auto *head = reinterpret_cast<const unsigned char *>(log.data() + place);
  const size_t count = head[4] | static_cast<size_t>(head[5]) << 8;
  const unsigned char type = head[6];
  if (type < whole || type > last || headBytes + count > left || log.size() - place < headBytes + count)
    return 0;
  uint32_t stored;
  memcpy(&stored, head, sizeof stored);
  const uint32_t sum = rocksdb::crc32c::Extend(0, log.data() + place + 6, 1 + count);
  const uint32_t masked = ((sum >> 15) | (sum << 17)) + 0xa282ead8u;
  return stored == masked ? headBytes + count : 0;
}

// Walks over the records from the beginning: where the first begins that is not sound, or the end, and
// where the last one ends that is whole.
struct Walk {
  size_t place = 0;
  size_t end = 0;

  explicit Walk(const std::string &log) {
    while (place < log.size()) {
      const size_t left = blockBytes - place % blockBytes;
      if (left < headBytes) {
        place += left;
        continue;
      }
      const size_t bytes = recordBytes(log, place);
      if (bytes == 0) return;
      const auto type = static_cast<unsigned char>(log[place + 6]);
      place += bytes;
      if (type == whole || type == last) end = place;
    }
  }
};

// Where the last record that is whole ends, if what follows it is no more than one torn record.
bool findTornTail(const std::string &log, size_t *end) {
  const Walk walk(log);
  const size_t place = walk.place;
  *end = walk.end;
  if (place >= log.size()) return false;
  // A sound record in a later block says that this one was synced, and is damaged.
  for (size_t block = place / blockBytes + 1; block * blockBytes < log.size(); block++)
    if (recordBytes(log, block * blockBytes) > 0) return false;
  // Nor may one follow at once; its place is told by the length, if that is sound.
  if (log.size() - place >= headBytes) {
    const auto *head = reinterpret_cast<const unsigned char *>(log.data() + place);
    const size_t next = place + headBytes + (head[4] | static_cast<size_t>(head[5]) << 8);
    if (next < log.size() && next / blockBytes == place / blockBytes && recordBytes(log, next) > 0)
      return false;
  }
  return *end > 0;
}

bool writeAll(const std::string &path, const std::string &text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return false;
  const bool done = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                    fdatasync(file) == 0;
  close(file);
  return done;
}

// The manifest that is in use; empty where none is named.
std::string currentManifest(const std::string &place) {
  std::string name;
  if (!readAll(place + "CURRENT", &name)) return "";
  while (!name.empty() && (name.back() == '\n' || name.back() == '\r')) name.pop_back();
  if (name.rfind("MANIFEST-", 0) != 0 || name.find('/') != std::string::npos) return "";
  return name;
}

// Three lines of fixed length, written in place: number, bytes, and a checksum of these two.
std::string markText(uint64_t number, uint64_t bytes) {
  char lines[128];
  int count = snprintf(
      lines, sizeof lines, "manifest: %020" PRIu64 "\nbytes: %020" PRIu64 "\n", number, bytes);
  const uint32_t check = rocksdb::crc32c::Extend(0, lines, static_cast<size_t>(count));
  count += snprintf(
      lines + count, sizeof lines - static_cast<size_t>(count), "check: %010" PRIu32 "\n", check);
  return std::string(lines, static_cast<size_t>(count));
}

enum class Note { none, sound, damaged };

// Times that a note is read before it counts as damaged, a millisecond apart.
constexpr int noteAttempts = 20;

// Reads what was noted of the manifest.
Note readNote(const std::string &place, uint64_t *number, uint64_t *bytes) {
  const std::string path = place + rocksdb_shim_manifest_mark;
  std::string mark;
  if (!readAll(path, &mark)) return access(path.c_str(), F_OK) == 0 ? Note::damaged : Note::none;
  if (mark.find_first_not_of('\0') == std::string::npos) return Note::none;
  const bool isRead =
      sscanf(mark.c_str(), "manifest: %" SCNu64 "\nbytes: %" SCNu64, number, bytes) == 2;
  return isRead && mark == markText(*number, *bytes) ? Note::sound : Note::damaged;
}

}  // namespace

void noteManifest(const std::string &folder, uint64_t number, uint64_t bytes, bool is_first) {
  const std::string text = markText(number, bytes);
  const std::string path = folder + rocksdb_shim_manifest_mark;
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  // Without it less can be told, and nothing is lost.
  if (file < 0) return;
  const bool done = pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
                    (!is_first || fdatasync(file) == 0);
  close(file);
  // An old note must not stand beside a new manifest of the same number.
  if (is_first && !done) unlink(path.c_str());
}

rocksdb_shim_manifest_state_t rocksdb_shim_manifest_state(
    const char *folder, char *name, size_t name_bytes, uint64_t *found, uint64_t *noted) {
  const std::string place = std::string(folder) + "/";
  uint64_t number = 0;
  // Whoever has the database open may be writing it just now.
  for (int attempt = 1;; attempt++) {
    const Note note = readNote(place, &number, noted);
    if (note == Note::none) return rocksdb_shim_manifest_whole;
    if (note == Note::sound) break;
    if (attempt == noteAttempts) return rocksdb_shim_manifest_unknown;
    usleep(1000);
  }
  std::string manifest;
  const std::string current = currentManifest(place);
  uint64_t used = 0;
  if (sscanf(current.c_str(), "MANIFEST-%" SCNu64, &used) != 1 || used != number)
    return rocksdb_shim_manifest_whole;
  // A missing one is RocksDB's to tell.
  if (!readAll(place + current, &manifest)) return rocksdb_shim_manifest_whole;
  *found = Walk(manifest).end;
  snprintf(name, name_bytes, "%s", current.c_str());
  return *found < *noted ? rocksdb_shim_manifest_short : rocksdb_shim_manifest_whole;
}

bool rocksdb_shim_cut_torn_manifest(const char *folder) {
  const std::string place = std::string(folder) + "/";
  const std::string name = currentManifest(place);
  std::string log;
  size_t end = 0;
  if (name.empty() || !readAll(place + name, &log) || !findTornTail(log, &end)) return false;
  // As it was, for whoever wants to know.
  if (!writeAll(place + "TORN-" + name, log)) return false;
  const int file = open((place + name).c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool done = ftruncate(file, static_cast<off_t>(end)) == 0 && fsync(file) == 0;
  close(file);
  return done;
}
