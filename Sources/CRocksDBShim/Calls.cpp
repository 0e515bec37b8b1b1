#include <rocksdb/env.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <string>
#include <vector>

#include "FetchChains.hpp"
#include "Handles.hpp"

namespace ROCKSDB_NAMESPACE {

// The one call of it that is needed, by the name that the library exports.
class WriteBatchInternal {
 public:
  static Status SetContents(WriteBatch *batch, const Slice &contents);
};

}  // namespace ROCKSDB_NAMESPACE

namespace {

// The longest batch whose room a thread keeps.
constexpr size_t roomBytesMax = 4 << 20;

bool take(const rocksdb::Iterator *iterator, rocksdb_shim_entry *entry) {
  if (!iterator->Valid()) return false;
  const rocksdb::Slice key = iterator->key();
  const rocksdb::Slice value = iterator->value();
  *entry = {key.data(), key.size(), value.data(), value.size()};
  return true;
}

}  // namespace

void rocksdb_shim_leave_out_counts() {
  static thread_local bool isDone = false;
  if (isDone) return;
  isDone = true;
  if (rocksdb::GetPerfLevel() == rocksdb::kEnableCount) rocksdb::SetPerfLevel(rocksdb::kDisable);
}

bool rocksdb_shim_iter_move(
    rocksdb_iterator_t *iterator, uint32_t move, rocksdb_shim_entry *entry) {
  rocksdb::Iterator *target = behind(iterator);
  switch (move) {
    case rocksdb_shim_move_to_first: target->SeekToFirst(); break;
    case rocksdb_shim_move_to_last: target->SeekToLast(); break;
    case rocksdb_shim_move_to_next: target->Next(); break;
    default: target->Prev(); break;
  }
  return take(target, entry);
}

bool rocksdb_shim_iter_seek(
    rocksdb_iterator_t *iterator, const char *key, size_t key_bytes, bool backward,
    rocksdb_shim_entry *entry) {
  rocksdb::Iterator *target = behind(iterator);
  const rocksdb::Slice place(key, key_bytes);
  if (backward) {
    target->SeekForPrev(place);
  } else {
    target->Seek(place);
  }
  return take(target, entry);
}

void rocksdb_shim_close(rocksdb_t *database, char **error) {
  report(behind(database)->Close(), error);
}

void rocksdb_shim_write(
    rocksdb_t *database, const rocksdb_writeoptions_t *options, const char *bytes,
    size_t byte_count, char **error) {
  fetchChains(bytes, byte_count);
  if (byte_count > roomBytesMax) {
    rocksdb::WriteBatch batch(std::string(bytes, byte_count));
    report(behind(database)->Write(behind(options), &batch), error);
    return;
  }
  // Its room goes from batch to batch: memory from the system is cleared page by page first.
  static thread_local rocksdb::WriteBatch batch;
  rocksdb::Status status =
      rocksdb::WriteBatchInternal::SetContents(&batch, rocksdb::Slice(bytes, byte_count));
  if (status.ok()) status = behind(database)->Write(behind(options), &batch);
  report(status, error);
}

uint32_t rocksdb_shim_get_from_memory(
    rocksdb_t *database, const rocksdb_readoptions_t *options, const char *key, size_t key_bytes,
    void *context, void (*found)(void *context, const char *value, size_t value_bytes)) {
  rocksdb::DB *db = behind(database);
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = db->Get(
      behind(options), db->DefaultColumnFamily(), rocksdb::Slice(key, key_bytes), &value);
  if (status.IsNotFound()) return rocksdb_shim_memory_absent;
  if (!status.ok()) return rocksdb_shim_memory_unknown;
  found(context, value.data(), value.size());
  return rocksdb_shim_memory_found;
}

void rocksdb_shim_multi_get(
    rocksdb_t *database, const rocksdb_readoptions_t *options, size_t count, const char *keys,
    const size_t *ends, bool sorted, void *context,
    void (*each)(void *context, size_t index, const char *value, size_t value_bytes),
    char **error) {
  if (count == 0) return;
  std::vector<rocksdb::Slice> slices(count);
  std::vector<rocksdb::PinnableSlice> values(count);
  std::vector<rocksdb::Status> statuses(count);
  size_t start = 0;
  for (size_t index = 0; index < count; index++) {
    slices[index] = rocksdb::Slice(keys + start, ends[index] - start);
    start = ends[index];
  }
  rocksdb::DB *db = behind(database);
  db->MultiGet(
      behind(options), db->DefaultColumnFamily(), count, slices.data(), values.data(),
      statuses.data(), sorted);
  for (const auto &status : statuses) {
    if (!status.ok() && !status.IsNotFound()) return report(status, error);
  }
  for (size_t index = 0; index < count; index++) {
    if (statuses[index].ok()) {
      each(context, index, values[index].data(), values[index].size());
    } else {
      each(context, index, nullptr, 0);
    }
  }
}

void rocksdb_shim_compact_range(
    rocksdb_t *database, const char *start, size_t start_bytes, const char *limit,
    size_t limit_bytes, bool rewrite_bottom, char **error) {
  const rocksdb::Slice from(start, start_bytes);
  const rocksdb::Slice to(limit, limit_bytes);
  rocksdb::CompactRangeOptions options;
  // Automatic compactions go on beside it.
  options.exclusive_manual_compaction = false;
  if (rewrite_bottom)
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  report(
      behind(database)->CompactRange(options, start ? &from : nullptr, limit ? &to : nullptr),
      error);
}

void rocksdb_shim_verify_checksums(rocksdb_t *database, size_t readahead_bytes, char **error) {
  rocksdb::ReadOptions options;
  options.readahead_size = readahead_bytes;
  report(behind(database)->VerifyChecksum(options), error);
}

void rocksdb_shim_verify_file(
    const rocksdb_options_t *options, const char *path, size_t readahead_bytes, char **error) {
  rocksdb::SstFileReader reader(behind(options));
  rocksdb::Status status = reader.Open(path);
  rocksdb::ReadOptions reading;
  reading.readahead_size = readahead_bytes;
  if (status.ok()) status = reader.VerifyChecksum(reading);
  report(status, error);
}

bool rocksdb_shim_can_open_table(const rocksdb_options_t *options, const char *path, char **error) {
  rocksdb::SstFileReader reader(behind(options));
  const rocksdb::Status status = reader.Open(path);
  report(status, error);
  return status.ok();
}

void rocksdb_shim_resume(rocksdb_t *database, char **error) {
  report(behind(database)->Resume(), error);
}

rocksdb_cache_t *rocksdb_shim_cache_create_hyper_clock(
    size_t byte_count, size_t estimated_entry_bytes) {
  // Made by the library, so that its own rocksdb_cache_destroy fits.
  rocksdb_cache_t *cache = rocksdb_cache_create_lru(0);
  reinterpret_cast<CacheView *>(cache)->rep =
      rocksdb::HyperClockCacheOptions(byte_count, estimated_entry_bytes).MakeSharedCache();
  return cache;
}

struct rocksdb_shim_write_budget_t {
  std::shared_ptr<rocksdb::WriteBufferManager> rep;
};

rocksdb_shim_write_budget_t *rocksdb_shim_write_budget_create(
    size_t byte_count, const rocksdb_cache_t *cache, bool allow_stall) {
  return new rocksdb_shim_write_budget_t{std::make_shared<rocksdb::WriteBufferManager>(
      byte_count, behind(cache), allow_stall)};
}

void rocksdb_shim_write_budget_destroy(rocksdb_shim_write_budget_t *budget) { delete budget; }

size_t rocksdb_shim_write_budget_usage(const rocksdb_shim_write_budget_t *budget) {
  return budget->rep->memory_usage();
}

void rocksdb_shim_options_set_write_budget(
    rocksdb_options_t *options, const rocksdb_shim_write_budget_t *budget) {
  behind(options).write_buffer_manager = budget->rep;
}
