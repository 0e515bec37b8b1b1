#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What <rocksdb/c.h> 7.8.3 lacks. Its handles are used as they are; only their names are said
// again here, so that the two C modules do not both own the header.

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rocksdb_t rocksdb_t;
typedef struct rocksdb_options_t rocksdb_options_t;
typedef struct rocksdb_readoptions_t rocksdb_readoptions_t;
typedef struct rocksdb_writeoptions_t rocksdb_writeoptions_t;
typedef struct rocksdb_cache_t rocksdb_cache_t;
typedef struct rocksdb_iterator_t rocksdb_iterator_t;

// Why the loaded library may not be used with this shim; NULL where it may. The text is static.
const char *rocksdb_shim_problem(void);

// Version of the library that is loaded, such as "7.8.3". The text is static.
const char *rocksdb_shim_version(void);

// --- Counters

typedef struct rocksdb_shim_statistics_t rocksdb_shim_statistics_t;

rocksdb_shim_statistics_t *rocksdb_shim_statistics_create(void);
void rocksdb_shim_statistics_destroy(rocksdb_shim_statistics_t *statistics);
void rocksdb_shim_options_set_statistics(
    rocksdb_options_t *options, const rocksdb_shim_statistics_t *statistics);

// One of the shim's tickers, numbered as below.
enum {
  rocksdb_shim_ticker_block_cache_hit = 0,
  rocksdb_shim_ticker_block_cache_miss,
  rocksdb_shim_ticker_block_cache_data_hit,
  rocksdb_shim_ticker_block_cache_data_miss,
  rocksdb_shim_ticker_filter_useful,
  rocksdb_shim_ticker_filter_full_positive,
  rocksdb_shim_ticker_filter_true_positive,
  rocksdb_shim_ticker_memtable_hit,
  rocksdb_shim_ticker_memtable_miss,
  rocksdb_shim_ticker_keys_written,
  rocksdb_shim_ticker_keys_read,
  rocksdb_shim_ticker_bytes_written,
  rocksdb_shim_ticker_bytes_read,
  rocksdb_shim_ticker_iterator_bytes_read,
  rocksdb_shim_ticker_multi_get_bytes_read,
  rocksdb_shim_ticker_stall_microseconds,
  rocksdb_shim_ticker_log_syncs,
  rocksdb_shim_ticker_log_bytes,
  rocksdb_shim_ticker_flush_bytes_written,
  rocksdb_shim_ticker_compaction_bytes_read,
  rocksdb_shim_ticker_compaction_bytes_written,
  rocksdb_shim_ticker_file_opens,
  rocksdb_shim_ticker_count
};
uint64_t rocksdb_shim_ticker(const rocksdb_shim_statistics_t *statistics, uint32_t ticker);

// --- Events

typedef struct rocksdb_shim_listener_t rocksdb_shim_listener_t;

typedef struct {
  uint64_t flush_count;
  uint64_t compaction_count;
  uint64_t background_error_count;
  uint64_t delayed_count;
  uint64_t stopped_count;
  uint64_t longest_delayed_nanoseconds;
  uint64_t longest_stopped_nanoseconds;
  uint32_t stall_condition;  // 0 none, 1 writes are delayed, 2 writes are stopped
} rocksdb_shim_events;

// Whether flushes and compactions work in the background and give way to others after each block.
rocksdb_shim_listener_t *rocksdb_shim_listener_create(bool yields);
void rocksdb_shim_listener_destroy(rocksdb_shim_listener_t *listener);
void rocksdb_shim_options_add_listener(
    rocksdb_options_t *options, const rocksdb_shim_listener_t *listener);
rocksdb_shim_events rocksdb_shim_listener_events(const rocksdb_shim_listener_t *listener);

// The first background error, to be freed with rocksdb_free; NULL where there was none.
char *rocksdb_shim_listener_error(const rocksdb_shim_listener_t *listener);

// --- Reading

// Turns off what RocksDB counts for the calling thread alone, which nobody here reads, the first time
// that the thread asks; a level above the usual, which is to count, stays.
void rocksdb_shim_leave_out_counts(void);

// --- Options

// A HyperClockCache; destroyed with rocksdb_cache_destroy.
rocksdb_cache_t *rocksdb_shim_cache_create_hyper_clock(
    size_t byte_count, size_t estimated_entry_bytes);

// Bytes that all memtables of all databases with these options may take, charged to the cache.
typedef struct rocksdb_shim_write_budget_t rocksdb_shim_write_budget_t;
rocksdb_shim_write_budget_t *rocksdb_shim_write_budget_create(
    size_t byte_count, const rocksdb_cache_t *cache, bool allow_stall);
void rocksdb_shim_write_budget_destroy(rocksdb_shim_write_budget_t *budget);
size_t rocksdb_shim_write_budget_usage(const rocksdb_shim_write_budget_t *budget);
void rocksdb_shim_options_set_write_budget(
    rocksdb_options_t *options, const rocksdb_shim_write_budget_t *budget);

// The file that tells how much of the manifest the drive held.
#define rocksdb_shim_manifest_mark "DURABLE-MANIFEST"

typedef enum {
  rocksdb_shim_manifest_whole,
  // It ends, or is damaged, before what the drive is known to have held; RocksDB takes that for an end that
  // was never written, and removes the tables that it no longer knows of.
  rocksdb_shim_manifest_short,
  // What the drive held is not known, as the file that tells it is damaged or cannot be read. One that is
  // empty, or of zeros alone, is what a power cut leaves of a new one, and tells nothing.
  rocksdb_shim_manifest_unknown,
} rocksdb_shim_manifest_state_t;

// Compares the manifest in use with what was noted of it. Of a short one it tells the name, the bytes up to
// which it is whole, and those that were noted.
rocksdb_shim_manifest_state_t rocksdb_shim_manifest_state(
    const char *folder, char *name, size_t name_bytes, uint64_t *found, uint64_t *noted);

// Cuts off the record at the manifest's end that a power cut left torn, before the database is opened,
// and keeps the manifest as it was beside it; false where there was nothing to be cut.
bool rocksdb_shim_cut_torn_manifest(const char *folder);

// The files of one database: room is kept for its log, and failures of its log are remembered.
typedef struct rocksdb_shim_files_t rocksdb_shim_files_t;

// The reserve is a file of that name in the database's folder; 0 bytes for none.
rocksdb_shim_files_t *rocksdb_shim_files_create(
    const char *folder, const char *reserve_name, uint64_t reserve_bytes);
void rocksdb_shim_files_destroy(rocksdb_shim_files_t *files);

// Reads of tables for callers, and their bytes; not those of flushes and compactions.
uint64_t rocksdb_shim_files_reads(const rocksdb_shim_files_t *files);
uint64_t rocksdb_shim_files_read_bytes(const rocksdb_shim_files_t *files);

// The files must outlive the database. With `unbroken_log` opening takes nothing of the log behind
// a missing record; all changes must then go through the log.
void rocksdb_shim_options_set_files(
    rocksdb_options_t *options, rocksdb_shim_files_t *files, bool unbroken_log);

// Notes in the manifest how long each log is that was synced and is full, and refuses to open where one
// of them is missing or shorter. Opening without it forgets what was noted.
void rocksdb_shim_options_track_logs(rocksdb_options_t *options);

// Has compaction take first what has waited longest.
//
// RocksDB's own order weighs files by how much of the next level they meet. In level 0 with dynamic level
// sizes that is the empty level 1: so it takes any, the newest as a rule, and files of other keys stay behind
// and have level 0 count as full ever after.
void rocksdb_shim_options_compact_oldest_first(rocksdb_options_t *options);

// Takes the reserve's room, again where it was spent; false where there is none.
bool rocksdb_shim_files_fill_reserve(rocksdb_shim_files_t *files, bool opening);

// Whether the reserve's room is in use: nothing must be written then.
bool rocksdb_shim_files_is_reserve_spent(const rocksdb_shim_files_t *files);

// Whoever syncs the log does so between these two, and only where the log has not failed: after
// that RocksDB may end the process. The failure is to be freed with rocksdb_free; NULL for none.
void rocksdb_shim_files_enter_gate(rocksdb_shim_files_t *files);
void rocksdb_shim_files_leave_gate(rocksdb_shim_files_t *files);
char *rocksdb_shim_files_log_failure(const rocksdb_shim_files_t *files);

// Keeps warnings in memory, and has no file of messages made: a database that is only read must not be
// changed, and RocksDB never removes old messages there.
void rocksdb_shim_options_keep_warnings(rocksdb_options_t *options);

// These warnings, a line each, to be freed with rocksdb_free; NULL where they are not kept.
char *rocksdb_shim_options_warnings(const rocksdb_options_t *options);

// Memtables of hashed segments: points by hash, order by background sorting.
void rocksdb_shim_options_set_hash_segments(rocksdb_options_t *options, size_t segment_entries);

// --- Iterators: a move and what it finds in one call

typedef struct {
  const char *key;
  size_t key_bytes;
  const char *value;
  size_t value_bytes;
} rocksdb_shim_entry;

enum {
  rocksdb_shim_move_to_first = 0,
  rocksdb_shim_move_to_last,
  rocksdb_shim_move_to_next,
  rocksdb_shim_move_to_previous
};

// Moves; false, and the entry left as it is, where there is nothing there.
bool rocksdb_shim_iter_move(rocksdb_iterator_t *iterator, uint32_t move, rocksdb_shim_entry *entry);

// Seeks the first key that is not below, or backward the last that is not above.
bool rocksdb_shim_iter_seek(
    rocksdb_iterator_t *iterator, const char *key, size_t key_bytes, bool backward,
    rocksdb_shim_entry *entry);

// --- Calls of a database; a failure leaves its text in *error, to be freed with rocksdb_free

// Stops background work and closes the files; the handle itself stays to be freed by rocksdb_close.
void rocksdb_shim_close(rocksdb_t *database, char **error);

// Writes a batch that lies ready as the bytes of WriteBatch::Data, its count filled in.
void rocksdb_shim_write(
    rocksdb_t *database, const rocksdb_writeoptions_t *options, const char *bytes,
    size_t byte_count, char **error);

enum { rocksdb_shim_memory_unknown, rocksdb_shim_memory_absent, rocksdb_shim_memory_found };

// What can be said of a key without reading a file: calls `found` while the value is pinned. Unknown
// also where it failed: the full read tells how.
uint32_t rocksdb_shim_get_from_memory(
    rocksdb_t *database, const rocksdb_readoptions_t *options, const char *key, size_t key_bytes,
    void *context, void (*found)(void *context, const char *value, size_t value_bytes));

// Calls `each` once for every key, in order, with NULL for a key that is not there, while the
// values are pinned. Where any key fails, `each` is not called at all. Key i lies between
// ends[i - 1] (0 for the first) and ends[i].
void rocksdb_shim_multi_get(
    rocksdb_t *database, const rocksdb_readoptions_t *options, size_t count, const char *keys,
    const size_t *ends, bool sorted, void *context,
    void (*each)(void *context, size_t index, const char *value, size_t value_bytes),
    char **error);

// Compacts a range; NULL as a bound is no bound.
void rocksdb_shim_compact_range(
    rocksdb_t *database, const char *start, size_t start_bytes, const char *limit,
    size_t limit_bytes, bool rewrite_bottom, char **error);

// Reads every block of every file and compares its checksum; stops at the first that is bad.
void rocksdb_shim_verify_checksums(rocksdb_t *database, size_t readahead_bytes, char **error);

// Reads every block of one table file and compares its checksum.
void rocksdb_shim_verify_file(
    const rocksdb_options_t *options, const char *path, size_t readahead_bytes, char **error);

// Whether a table's own index of itself can be read, no more; says why not.
bool rocksdb_shim_can_open_table(const rocksdb_options_t *options, const char *path, char **error);

// Goes on after a background error whose cause is gone, such as a full disk. Not after a write to
// the log has failed: the log's writer may be kept, and with assertions on ends the process.
void rocksdb_shim_resume(rocksdb_t *database, char **error);

// Whether the library's CRC-32C goes by the processor's own instruction.
bool rocksdb_shim_sums_by_instruction(void);

// CRC-32C of what `sum` is of, followed by `data`; by the library's tables, or as it goes otherwise.
// Only on x86-64.
uint32_t rocksdb_shim_checksum(uint32_t sum, const char *data, size_t bytes, bool by_tables);

#ifdef __cplusplus
}
#endif
