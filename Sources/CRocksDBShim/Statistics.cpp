#include <rocksdb/statistics.h>

#include <array>

#include "Handles.hpp"

struct rocksdb_shim_statistics_t {
  std::shared_ptr<rocksdb::Statistics> rep;
};

namespace {

constexpr std::array<rocksdb::Tickers, rocksdb_shim_ticker_count> numbers = {
    rocksdb::BLOCK_CACHE_HIT,
    rocksdb::BLOCK_CACHE_MISS,
    rocksdb::BLOCK_CACHE_DATA_HIT,
    rocksdb::BLOCK_CACHE_DATA_MISS,
    rocksdb::BLOOM_FILTER_USEFUL,
    rocksdb::BLOOM_FILTER_FULL_POSITIVE,
    rocksdb::BLOOM_FILTER_FULL_TRUE_POSITIVE,
    rocksdb::MEMTABLE_HIT,
    rocksdb::MEMTABLE_MISS,
    rocksdb::NUMBER_KEYS_WRITTEN,
    rocksdb::NUMBER_KEYS_READ,
    rocksdb::BYTES_WRITTEN,
    rocksdb::BYTES_READ,
    rocksdb::ITER_BYTES_READ,
    rocksdb::NUMBER_MULTIGET_BYTES_READ,
    rocksdb::STALL_MICROS,
    rocksdb::WAL_FILE_SYNCED,
    rocksdb::WAL_FILE_BYTES,
    rocksdb::FLUSH_WRITE_BYTES,
    rocksdb::COMPACT_READ_BYTES,
    rocksdb::COMPACT_WRITE_BYTES,
    rocksdb::NO_FILE_OPENS,
};

}  // namespace

rocksdb_shim_statistics_t *rocksdb_shim_statistics_create(void) {
  auto statistics = rocksdb::CreateDBStatistics();
  // Histograms and timers cost more than the operations that they describe.
  statistics->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);
  return new rocksdb_shim_statistics_t{std::move(statistics)};
}

void rocksdb_shim_statistics_destroy(rocksdb_shim_statistics_t *statistics) { delete statistics; }

void rocksdb_shim_options_set_statistics(
    rocksdb_options_t *options, const rocksdb_shim_statistics_t *statistics) {
  behind(options).statistics = statistics->rep;
}

uint64_t rocksdb_shim_ticker(const rocksdb_shim_statistics_t *statistics, uint32_t ticker) {
  return ticker < numbers.size() ? statistics->rep->getTickerCount(numbers[ticker]) : 0;
}
