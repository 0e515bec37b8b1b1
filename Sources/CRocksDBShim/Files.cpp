#include <fcntl.h>
#include <pthread.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/wal_filter.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "Handles.hpp"
#include "Manifest.hpp"
#include "Messages.hpp"

// The files of a database, with room kept for its log.
//
// RocksDB 7.8.3 does not get over a failed append to a file: its writer remembers it, and the next
// call of that writer ends the process where assertions are on, as Debian builds it. So:
//
// 1. A file of some mebibytes, the reserve, stands beside the log. An append to the log or the
//    manifest that finds the disk full gives the reserve up and goes on in its room.
// 2. From then on tables are not written, which leaves the room to the log, and the caller is told
//    to take no more writes, until there is room for the reserve again.
// 3. An append or a sync of the log that fails all the same is remembered here, behind a gate that
//    whoever syncs the log must pass, before RocksDB hears of it.
// 4. Messages are not written by RocksDB's own means at all.

namespace {

using rocksdb::FileOptions;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// A file whose blocks are given up when the disk is full.
class Reserve {
 public:
  Reserve(std::string path, uint64_t byte_count)
      : path_(std::move(path)), byte_count_(byte_count) {}

  // Whether its room is in use, or is to be had no more.
  bool isSpent() const { return spent_.load(std::memory_order_acquire); }

  // Takes its blocks; false where there is no room for them, and after it was spent for as much
  // again, or a full disk would be met over and over.
  bool fill(bool opening) {
    if (byte_count_ == 0) return true;
    std::lock_guard<std::mutex> guard(mutex_);
    const bool was_spent = isSpent();
    if (!opening && !was_spent && filled_) return true;
    filled_ = take(was_spent ? byte_count_ : 0);
    // While opening there is nobody yet who could be told.
    spent_.store(!filled_ && !opening, std::memory_order_release);
    return filled_;
  }

  // Gives its blocks up, and tells whether to try again what found the disk full: also where another
  // gave them up a moment before, as that may have been since.
  bool spend() {
    if (byte_count_ == 0) return false;
    std::lock_guard<std::mutex> guard(mutex_);
    // First of all: what compaction writes must not take the room.
    spent_.store(true, std::memory_order_release);
    if (!filled_) return true;
    filled_ = false;
    return truncate(path_.c_str(), 0) == 0;
  }

 private:
  bool take(uint64_t slack) const {
    const int file = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) return errno != ENOSPC && errno != EDQUOT;
    bool taken = fallocate(file, 0, 0, static_cast<off_t>(byte_count_)) == 0;
    // A file system that cannot keep room has none kept.
    if (!taken) taken = errno == EOPNOTSUPP || errno == ENOSYS;
    struct statvfs room;
    if (taken && slack > 0 && fstatvfs(file, &room) == 0)
      taken = static_cast<uint64_t>(room.f_bavail) * room.f_frsize >= slack;
    if (!taken && ftruncate(file, 0) != 0) taken = false;
    close(file);
    return taken;
  }

  const std::string path_;
  const uint64_t byte_count_;
  std::mutex mutex_;
  bool filled_ = false;
  std::atomic<bool> spent_{false};
};

// What the files of one database have in common.
class Files {
 public:
  Files(std::string folder, const char *reserve_name, uint64_t reserve_bytes)
      : folder(std::move(folder)), reserve(this->folder + reserve_name, reserve_bytes) {}

  void fail(const IOStatus &status) {
    // Whoever is syncing the log comes to an end first. A limit, since a writer in front of a
    // synced one may be what it waits for.
    std::unique_lock<std::recursive_timed_mutex> passage(gate, std::chrono::seconds(2));
    std::lock_guard<std::mutex> guard(mutex_);
    if (failure_.empty()) failure_ = status.ToString();
    failed_.store(true, std::memory_order_release);
  }

  // Whether to try again what found the disk full, as the reserve was given up.
  bool makesRoom(const IOStatus &status) {
    return status.subcode() == IOStatus::SubCode::kNoSpace && reserve.spend();
  }

  bool hasFailed() const { return failed_.load(std::memory_order_acquire); }

  std::string failure() const {
    std::lock_guard<std::mutex> guard(mutex_);
    return failure_;
  }

  // With a slash at its end.
  const std::string folder;
  Reserve reserve;
  std::recursive_timed_mutex gate;
  // Of tables, for callers.
  std::atomic<uint64_t> reads{0};
  std::atomic<uint64_t> readBytes{0};

 private:
  mutable std::mutex mutex_;
  std::string failure_;
  std::atomic<bool> failed_{false};
};

IOStatus noRoom(const std::string &path) {
  return IOStatus::NoSpace(
      "No space left on device: while writing " + path, "the last room is kept for the log");
}

// The log, the manifest and what else is small and must not fail.
class VitalFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  VitalFile(
      std::unique_ptr<FSWritableFile> &&target, std::string path, std::shared_ptr<Files> files,
      bool is_log, uint64_t manifest)
      : FSWritableFileOwnerWrapper(std::move(target)),
        path_(std::move(path)),
        files_(std::move(files)),
        is_log_(is_log),
        manifest_(manifest) {}

  IOStatus Append(const Slice &data, const IOOptions &options, IODebugContext *context) override {
    const uint64_t before = GetFileSize(options, context);
    IOStatus status = target()->Append(data, options, context);
    if (status.ok()) return status;
    if (files_->makesRoom(status)) status = goOn(data, before, options, context);
    return told(status);
  }

  IOStatus Append(
      const Slice &data, const IOOptions &options, const rocksdb::DataVerificationInfo &,
      IODebugContext *context) override {
    return Append(data, options, context);
  }

  IOStatus Sync(const IOOptions &options, IODebugContext *context) override {
    return noted(told(target()->Sync(options, context)), options, context);
  }

  IOStatus Fsync(const IOOptions &options, IODebugContext *context) override {
    return noted(told(target()->Fsync(options, context)), options, context);
  }

  IOStatus RangeSync(
      uint64_t offset, uint64_t count, const IOOptions &options,
      IODebugContext *context) override {
    return told(target()->RangeSync(offset, count, options, context));
  }

 private:
  // Appends what is missing behind what has already come into the file.
  IOStatus goOn(
      const Slice &data, uint64_t before, const IOOptions &options, IODebugContext *context) {
    struct stat found;
    if (stat(path_.c_str(), &found) != 0)
      return IOStatus::IOError("While looking at " + path_, strerror(errno));
    const uint64_t size = static_cast<uint64_t>(found.st_size);
    if (size < before || size - before > data.size())
      return IOStatus::IOError("While appending to " + path_, "its size is not as written");
    // Tells the file below how long it is.
    IOStatus status = target()->Truncate(size, options, context);
    if (!status.ok()) return status;
    const size_t landed = size - before;
    return target()->Append(
        Slice(data.data() + landed, data.size() - landed), options, context);
  }

  IOStatus told(IOStatus status) {
    if (is_log_ && !status.ok()) files_->fail(status);
    return status;
  }

  IOStatus noted(IOStatus status, const IOOptions &options, IODebugContext *context) {
    if (manifest_ == 0 || !status.ok()) return status;
    noteManifest(files_->folder, manifest_, target()->GetFileSize(options, context), !is_noted_);
    is_noted_ = true;
    return status;
  }

  const std::string path_;
  const std::shared_ptr<Files> files_;
  const bool is_log_;
  // Its number; 0 for any other file.
  const uint64_t manifest_;
  bool is_noted_ = false;
};

// A table, which can be written again later.
class TableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  TableFile(
      std::unique_ptr<FSWritableFile> &&target, std::string path, std::shared_ptr<Files> files)
      : FSWritableFileOwnerWrapper(std::move(target)),
        path_(std::move(path)),
        files_(std::move(files)) {}

  IOStatus Append(const Slice &data, const IOOptions &options, IODebugContext *context) override {
    if (files_->reserve.isSpent()) return noRoom(path_);
    return target()->Append(data, options, context);
  }

  IOStatus Append(
      const Slice &data, const IOOptions &options, const rocksdb::DataVerificationInfo &info,
      IODebugContext *context) override {
    if (files_->reserve.isSpent()) return noRoom(path_);
    return target()->Append(data, options, info, context);
  }

  IOStatus PositionedAppend(
      const Slice &data, uint64_t offset, const IOOptions &options,
      IODebugContext *context) override {
    if (files_->reserve.isSpent()) return noRoom(path_);
    return target()->PositionedAppend(data, offset, options, context);
  }

  IOStatus PositionedAppend(
      const Slice &data, uint64_t offset, const IOOptions &options,
      const rocksdb::DataVerificationInfo &info, IODebugContext *context) override {
    if (files_->reserve.isSpent()) return noRoom(path_);
    return target()->PositionedAppend(data, offset, options, info, context);
  }

  // Takes blocks ahead of the writing.
  void PrepareWrite(
      size_t offset, size_t count, const IOOptions &options, IODebugContext *context) override {
    if (!files_->reserve.isSpent()) target()->PrepareWrite(offset, count, options, context);
  }

 private:
  const std::string path_;
  const std::shared_ptr<Files> files_;
};

// Whether this thread flushes or compacts; RocksDB names its threads so, and those that they start.
bool isBackgroundThread() {
  static thread_local const bool isBackground = [] {
    char name[16] = {};
    return pthread_getname_np(pthread_self(), name, sizeof name) == 0 &&
           strncmp(name, "rocksdb:", 8) == 0;
  }();
  return isBackground;
}

// A table that counts what is read of it for callers.
class ReadFile final : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  ReadFile(std::unique_ptr<rocksdb::FSRandomAccessFile> file, std::shared_ptr<Files> files)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), files_(std::move(files)) {}

  IOStatus Read(
      uint64_t offset, size_t count, const IOOptions &options, Slice *result, char *scratch,
      IODebugContext *context) const override {
    const IOStatus status = target()->Read(offset, count, options, result, scratch, context);
    if (status.ok()) note(1, result->size());
    return status;
  }

  IOStatus MultiRead(
      rocksdb::FSReadRequest *requests, size_t count, const IOOptions &options,
      IODebugContext *context) override {
    const IOStatus status = target()->MultiRead(requests, count, options, context);
    uint64_t bytes = 0;
    for (size_t index = 0; index < count; index++) bytes += requests[index].result.size();
    if (status.ok()) note(count, bytes);
    return status;
  }

 private:
  void note(uint64_t reads, uint64_t bytes) const {
    if (isBackgroundThread()) return;
    files_->reads.fetch_add(reads, std::memory_order_relaxed);
    files_->readBytes.fetch_add(bytes, std::memory_order_relaxed);
  }

  const std::shared_ptr<Files> files_;
};

class FileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit FileSystem(std::shared_ptr<Files> files)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), files_(std::move(files)) {}

  const char *Name() const override { return "FileSystemWithReserve"; }

  IOStatus NewWritableFile(
      const std::string &path, const FileOptions &options, std::unique_ptr<FSWritableFile> *file,
      IODebugContext *context) override {
    return wrapped(
        path, file,
        made(path, [&] { return target()->NewWritableFile(path, options, file, context); }));
  }

  IOStatus NewRandomAccessFile(
      const std::string &path, const FileOptions &options,
      std::unique_ptr<rocksdb::FSRandomAccessFile> *file, IODebugContext *context) override {
    const IOStatus status = target()->NewRandomAccessFile(path, options, file, context);
    if (status.ok()) file->reset(new ReadFile(std::move(*file), files_));
    return status;
  }

  IOStatus NewLogger(
      const std::string &path, const IOOptions &, std::shared_ptr<rocksdb::Logger> *logger,
      IODebugContext *) override {
    *logger = makeMessages(path);
    if (*logger) return IOStatus::OK();
    return IOStatus::IOError("While making " + path, strerror(errno));
  }

  IOStatus ReopenWritableFile(
      const std::string &path, const FileOptions &options, std::unique_ptr<FSWritableFile> *file,
      IODebugContext *context) override {
    return wrapped(path, file, made(path, [&] {
                     return target()->ReopenWritableFile(path, options, file, context);
                   }));
  }

  IOStatus ReuseWritableFile(
      const std::string &path, const std::string &old_path, const FileOptions &options,
      std::unique_ptr<FSWritableFile> *file, IODebugContext *context) override {
    return wrapped(path, file, made(path, [&] {
                     return target()->ReuseWritableFile(path, old_path, options, file, context);
                   }));
  }

 private:
  // Copies of a checkpoint lie elsewhere.
  bool isOurs(const std::string &path) const { return path.rfind(files_->folder, 0) == 0; }

  // A folder grows as well.
  template <typename Make>
  IOStatus made(const std::string &path, const Make &make) {
    const IOStatus status = make();
    return isOurs(path) && files_->makesRoom(status) ? make() : status;
  }

  IOStatus wrapped(
      const std::string &path, std::unique_ptr<FSWritableFile> *file, const IOStatus &status) {
    if (!status.ok() || !isOurs(path)) return status;
    const std::string name = path.substr(files_->folder.size());
    const size_t dot = name.rfind('.');
    const std::string suffix = dot == std::string::npos ? "" : name.substr(dot);
    if (suffix == ".sst" || suffix == ".blob") {
      file->reset(new TableFile(std::move(*file), path, files_));
    } else {
      uint64_t manifest = 0;
      if (name.rfind("MANIFEST-", 0) == 0) manifest = strtoull(name.c_str() + 9, nullptr, 10);
      file->reset(new VitalFile(std::move(*file), path, files_, suffix == ".log", manifest));
    }
    return status;
  }

  const std::shared_ptr<Files> files_;
};

// Ends the replay of logs where a record is missing.
//
// A power cut may take the end of a log that was never synced and leave the beginning of the next,
// or leave zeros in its middle, which RocksDB passes over in silence. What follows a hole was not
// synced either, and without what is missing it makes no sense.
class UnbrokenLog final : public rocksdb::WalFilter {
 public:
  const char *Name() const override { return "UnbrokenLog"; }

  WalProcessingOption LogRecordFound(
      unsigned long long, const std::string &, const rocksdb::WriteBatch &batch,
      rocksdb::WriteBatch *, bool *) override {
    // A batch begins with its sequence number, eight bytes, the lowest first.
    const std::string &bytes = batch.Data();
    uint64_t sequence = 0;
    for (int index = 7; index >= 0; index--)
      sequence = sequence << 8 | static_cast<uint8_t>(bytes[static_cast<size_t>(index)]);
    if (next_ != 0 && sequence != next_) return WalProcessingOption::kStopReplay;
    next_ = sequence + static_cast<uint64_t>(batch.Count());
    return WalProcessingOption::kContinueProcessing;
  }

 private:
  uint64_t next_ = 0;
};

}  // namespace

struct rocksdb_shim_files_t {
  std::shared_ptr<Files> files;
  std::unique_ptr<rocksdb::Env> env;
  UnbrokenLog filter;
};

rocksdb_shim_files_t *rocksdb_shim_files_create(
    const char *folder, const char *reserve_name, uint64_t reserve_bytes) {
  std::string path = folder;
  if (path.empty() || path.back() != '/') path += '/';
  auto files = std::make_shared<Files>(path, reserve_name, reserve_bytes);
  auto env = rocksdb::NewCompositeEnv(std::make_shared<FileSystem>(files));
  return new rocksdb_shim_files_t{std::move(files), std::move(env), {}};
}

void rocksdb_shim_files_destroy(rocksdb_shim_files_t *files) { delete files; }

uint64_t rocksdb_shim_files_reads(const rocksdb_shim_files_t *files) {
  return files->files->reads.load(std::memory_order_relaxed);
}

uint64_t rocksdb_shim_files_read_bytes(const rocksdb_shim_files_t *files) {
  return files->files->readBytes.load(std::memory_order_relaxed);
}

void rocksdb_shim_options_set_files(
    rocksdb_options_t *options, rocksdb_shim_files_t *files, bool unbroken_log) {
  behind(options).env = files->env.get();
  if (unbroken_log) behind(options).wal_filter = &files->filter;
}

void rocksdb_shim_options_track_logs(rocksdb_options_t *options) {
  behind(options).track_and_verify_wals_in_manifest = true;
}

void rocksdb_shim_options_compact_oldest_first(rocksdb_options_t *options) {
  behind(options).compaction_pri = rocksdb::kOldestSmallestSeqFirst;
}

bool rocksdb_shim_files_fill_reserve(rocksdb_shim_files_t *files, bool opening) {
  return files->files->reserve.fill(opening);
}

bool rocksdb_shim_files_is_reserve_spent(const rocksdb_shim_files_t *files) {
  return files->files->reserve.isSpent();
}

void rocksdb_shim_files_enter_gate(rocksdb_shim_files_t *files) { files->files->gate.lock(); }

void rocksdb_shim_files_leave_gate(rocksdb_shim_files_t *files) { files->files->gate.unlock(); }

char *rocksdb_shim_files_log_failure(const rocksdb_shim_files_t *files) {
  return files->files->hasFailed() ? strdup(files->files->failure().c_str()) : nullptr;
}
