// The same measurements on LMDB, LevelDB and RocksDB as Debian ships them; prints a line of JSON each.
//
//   peers ENGINE CASE FOLDER KEYS VALUE_BYTES SECONDS [MEMORY_MIB]
//
// ENGINE: lmdb, leveldb, rocksdb (LRU block cache, no compression), rocksdb-clock (HyperClockCache).
// CASE: get (resident, uniform, one thread), get-large (data larger than memory, two threads), scan
// (whole, one thread), batch (1000 random keys a batch, log on, not synced), batch-gets (with 10,000
// gets a second beside it).
#include <fcntl.h>
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>
#include <lmdb.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr size_t keyBytes = 16;

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Random {
  uint64_t state;
  uint64_t next() {
    state += 0x9E3779B97F4A7C15;
    uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
  }
  uint64_t below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
  }
};

// As Benchmarks/store's own keys and values: half of a value compresses.
struct Keys {
  uint64_t count;
  size_t valueBytes;
  std::string contents;

  Keys(uint64_t count, size_t valueBytes) : count(count), valueBytes(std::max<size_t>(8, valueBytes)) {
    Random random{301};
    while (contents.size() < 1 << 16) {
      std::string half;
      for (int i = 0; i < 50; i++) half.push_back(static_cast<char>(32 + random.next() % 95));
      contents += half + half;
    }
  }
  void key(uint64_t number, char *key) const {
    const uint64_t big = __builtin_bswap64(number);
    memcpy(key, &big, 8);
    memset(key + 8, '0', keyBytes - 8);
  }
  void value(uint64_t number, char *value) const {
    const size_t start = (number * 0x9E3779B97F4A7C15 >> 40) % (contents.size() - valueBytes);
    memcpy(value, contents.data() + start, valueBytes);
    memcpy(value, &number, 8);
  }
  void check(const char *value, size_t bytes, uint64_t number) const {
    uint64_t found;
    if (bytes != valueBytes || (memcpy(&found, value, 8), found != number))
      throw std::runtime_error("a key did not hold its value");
  }
};

struct Engine {
  virtual ~Engine() = default;
  // Sets `numbers`, in one transaction or batch.
  virtual void write(const Keys &keys, const std::vector<uint64_t> &numbers) = 0;
  virtual void settle() {}
  // A reader of one thread: looks a key up, which need not be there if that is said, and checks its value.
  virtual std::function<void(uint64_t)> reader(const Keys &keys, bool mayBeMissing = false) = 0;
  virtual uint64_t scan(uint64_t &bytes) = 0;
};

void must(bool ok, const std::string &what) {
  if (!ok) throw std::runtime_error(what);
}

template <class DB, class Options, class ReadOptions, class WriteOptions, class Batch, class Slice>
struct Tree : Engine {
  std::unique_ptr<DB> db;
  void write(const Keys &keys, const std::vector<uint64_t> &numbers) override {
    Batch batch;
    char key[keyBytes];
    std::string value(keys.valueBytes, 0);
    for (uint64_t number : numbers) {
      keys.key(number, key);
      keys.value(number, value.data());
      batch.Put(Slice(key, keyBytes), Slice(value.data(), value.size()));
    }
    const auto status = db->Write(WriteOptions(), &batch);
    must(status.ok(), status.ToString());
  }
  std::function<void(uint64_t)> reader(const Keys &keys, bool mayBeMissing) override {
    return [this, &keys, mayBeMissing, value = std::string()](uint64_t number) mutable {
      char key[keyBytes];
      keys.key(number, key);
      const auto status = db->Get(ReadOptions(), Slice(key, keyBytes), &value);
      if (mayBeMissing && status.IsNotFound()) return;
      must(status.ok(), status.ToString());
      keys.check(value.data(), value.size(), number);
    };
  }
  uint64_t scan(uint64_t &bytes) override {
    uint64_t count = 0;
    std::unique_ptr<typename std::remove_pointer<decltype(db->NewIterator(ReadOptions()))>::type> it(
        db->NewIterator(ReadOptions()));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      count++;
      bytes += it->key().size() + it->value().size();
    }
    must(it->status().ok(), it->status().ToString());
    return count;
  }
};

struct LevelDB : Tree<leveldb::DB, leveldb::Options, leveldb::ReadOptions, leveldb::WriteOptions,
                      leveldb::WriteBatch, leveldb::Slice> {
  std::unique_ptr<leveldb::Cache> cache;
  std::unique_ptr<const leveldb::FilterPolicy> filter{leveldb::NewBloomFilterPolicy(10)};
  LevelDB(const std::string &folder, size_t memory) {
    leveldb::Options options;
    options.create_if_missing = true;
    cache.reset(leveldb::NewLRUCache(memory));
    options.block_cache = cache.get();
    options.filter_policy = filter.get();
    options.write_buffer_size = 64 << 20;
    options.compression = leveldb::kNoCompression;
    options.max_open_files = 4000;
    leveldb::DB *opened = nullptr;
    const auto status = leveldb::DB::Open(options, folder, &opened);
    must(status.ok(), status.ToString());
    db.reset(opened);
  }
  // Compaction may still be asking for the filter.
  ~LevelDB() override { db.reset(); }
  void settle() override { db->CompactRange(nullptr, nullptr); }
};

struct RocksDB : Tree<rocksdb::DB, rocksdb::Options, rocksdb::ReadOptions, rocksdb::WriteOptions,
                      rocksdb::WriteBatch, rocksdb::Slice> {
  RocksDB(const std::string &folder, size_t memory, bool direct, bool clock) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    options.IncreaseParallelism(2);
    options.use_direct_reads = direct;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = clock ? rocksdb::HyperClockCacheOptions(memory, table.block_size).MakeSharedCache()
                              : rocksdb::NewLRUCache(memory);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    rocksdb::DB *opened = nullptr;
    const auto status = rocksdb::DB::Open(options, folder, &opened);
    must(status.ok(), status.ToString());
    db.reset(opened);
  }
  // Filters and indexes lie beside the cache, as the store's do: in it they would push each other out, which here
  // took it from 23,000 to 9,600 gets a second.
  void settle() override {
    db->Flush(rocksdb::FlushOptions());
    db->CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr);
  }
};

struct LMDB : Engine {
  MDB_env *env = nullptr;
  MDB_dbi dbi = 0;
  explicit LMDB(const std::string &folder) {
    mkdir(folder.c_str(), 0700);
    mdb_env_create(&env);
    mdb_env_set_mapsize(env, size_t{64} << 30);
    must(mdb_env_open(env, folder.c_str(), MDB_NOSYNC | MDB_NORDAHEAD, 0600) == 0, "mdb_env_open");
    MDB_txn *txn = nullptr;
    mdb_txn_begin(env, nullptr, 0, &txn);
    mdb_dbi_open(txn, nullptr, 0, &dbi);
    mdb_txn_commit(txn);
  }
  ~LMDB() override { mdb_env_close(env); }
  void write(const Keys &keys, const std::vector<uint64_t> &numbers) override {
    MDB_txn *txn = nullptr;
    must(mdb_txn_begin(env, nullptr, 0, &txn) == 0, "mdb_txn_begin");
    char key[keyBytes];
    std::string value(keys.valueBytes, 0);
    for (uint64_t number : numbers) {
      keys.key(number, key);
      keys.value(number, value.data());
      MDB_val k{keyBytes, key}, v{value.size(), value.data()};
      must(mdb_put(txn, dbi, &k, &v, 0) == 0, "mdb_put");
    }
    must(mdb_txn_commit(txn) == 0, "mdb_txn_commit");
  }
  std::function<void(uint64_t)> reader(const Keys &keys, bool mayBeMissing) override {
    MDB_txn *txn = nullptr;
    must(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn) == 0, "mdb_txn_begin");
    return [this, &keys, mayBeMissing, txn](uint64_t number) {
      char key[keyBytes];
      keys.key(number, key);
      MDB_val k{keyBytes, key}, v;
      const int result = mdb_get(txn, dbi, &k, &v);
      if (mayBeMissing && result == MDB_NOTFOUND) return;
      must(result == 0, "mdb_get");
      keys.check(static_cast<const char *>(v.mv_data), v.mv_size, number);
    };
  }
  uint64_t scan(uint64_t &bytes) override {
    MDB_txn *txn = nullptr;
    mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn);
    MDB_cursor *cursor = nullptr;
    mdb_cursor_open(txn, dbi, &cursor);
    MDB_val k, v;
    uint64_t count = 0;
    volatile char touched = 0;
    while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0) {
      count++;
      bytes += k.mv_size + v.mv_size;
      touched = touched ^ *static_cast<const char *>(v.mv_data);
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    return count;
  }
};

double reads(
    Engine &engine, const Keys &keys, double duration, int threads, uint64_t seed = 1) {
  std::atomic<uint64_t> total{0};
  std::atomic<bool> failed{false};
  std::vector<std::thread> workers;
  const double start = seconds();
  for (int thread = 0; thread < threads; thread++) {
    workers.emplace_back([&, thread] {
      try {
        auto read = engine.reader(keys);
        Random random{static_cast<uint64_t>(thread) + seed};
        uint64_t count = 0;
        while (seconds() < start + duration) {
          for (int i = 0; i < 1000; i++) read(random.below(keys.count));
          count += 1000;
        }
        total += count;
      } catch (const std::exception &error) {
        fprintf(stderr, "peers: %s\n", error.what());
        failed = true;
      }
    });
  }
  for (auto &worker : workers) worker.join();
  must(!failed, "a reader failed");
  return static_cast<double>(total) / (seconds() - start);
}

// Gets at a steady rate beside what else goes on, each due at its time, from which its wait is counted.
class SteadyGets {
 public:
  SteadyGets(Engine &engine, const Keys &keys, double rate)
      : thread_([this, &engine, &keys, rate] {
          try {
            auto read = engine.reader(keys, true);
            Random random{9};
            for (double due = seconds(); !isDone_; due += 1 / rate) {
              double now;
              while ((now = seconds()) < due) usleep(static_cast<useconds_t>((due - now) * 1e6));
              read(random.below(keys.count));
              waits_.push_back(seconds() - due);
            }
          } catch (const std::exception &error) {
            fprintf(stderr, "peers: %s\n", error.what());
            failed_ = true;
          }
        }) {}
  ~SteadyGets() { stop(); }
  void stop() {
    isDone_ = true;
    if (thread_.joinable()) thread_.join();
  }
  // The wait that 99 of 100 do not exceed, in seconds.
  double p99() {
    stop();
    must(!failed_ && !waits_.empty(), "a reader failed");
    const auto place = waits_.begin() + static_cast<ptrdiff_t>(waits_.size() * 99 / 100);
    std::nth_element(waits_.begin(), place, waits_.end());
    return *place;
  }

 private:
  std::atomic<bool> isDone_{false};
  std::atomic<bool> failed_{false};
  std::vector<double> waits_;
  std::thread thread_;
};

int run(int argc, char **argv) {
  if (argc < 7) {
    fprintf(stderr, "peers ENGINE CASE FOLDER KEYS VALUE_BYTES SECONDS [MEMORY_MIB]\n");
    return 64;
  }
  const std::string engineName = argv[1], caseName = argv[2], folder = argv[3];
  const Keys keys(strtoull(argv[4], nullptr, 10), strtoull(argv[5], nullptr, 10));
  const double duration = atof(argv[6]);
  const size_t memory = (argc > 7 ? strtoull(argv[7], nullptr, 10) : 2048) << 20;
  const std::string marker = folder + ".filled";
  const std::string wanted = std::string(argv[4]) + " " + argv[5];
  const bool getsBeside = caseName == "batch-gets";
  const bool writes = caseName == "batch" || getsBeside;
  bool filled = false;
  if (FILE *file = fopen(marker.c_str(), "r")) {
    char text[64] = {};
    filled = fgets(text, sizeof text, file) != nullptr && wanted == text;
    fclose(file);
  }
  if (!filled || writes) must(system(("rm -rf '" + folder + "' '" + marker + "'").c_str()) == 0, "rm");

  std::unique_ptr<Engine> engine;
  if (engineName == "lmdb") engine = std::make_unique<LMDB>(folder);
  else if (engineName == "leveldb") engine = std::make_unique<LevelDB>(folder, memory);
  else if (engineName == "rocksdb" || engineName == "rocksdb-clock")
    engine = std::make_unique<RocksDB>(folder, memory, caseName == "get-large", engineName == "rocksdb-clock");
  else must(false, "unknown engine " + engineName);

  printf("{\"engine\": \"%s\", \"case\": \"%s\", ", argv[1], argv[2]);
  if (writes) {
    Random random{7};
    std::vector<uint64_t> numbers(1000);
    std::unique_ptr<SteadyGets> gets;
    if (getsBeside) gets = std::make_unique<SteadyGets>(*engine, keys, 10000);
    const double start = seconds();
    for (uint64_t done = 0; done < keys.count; done += 1000) {
      for (auto &number : numbers) number = random.below(keys.count);
      engine->write(keys, numbers);
    }
    const double written = seconds();
    if (gets) printf("\"get_p99_ms\": %.4g, ", gets->p99() * 1e3);
    printf("\"rate\": %.0f}\n", static_cast<double>(keys.count) / (written - start));
    return 0;
  }
  if (!filled) {
    std::vector<uint64_t> numbers;
    for (uint64_t number = 0; number < keys.count; number++) {
      numbers.push_back(number);
      if (numbers.size() == 1000 || number == keys.count - 1) {
        engine->write(keys, numbers);
        numbers.clear();
      }
    }
    engine->settle();
    if (FILE *file = fopen(marker.c_str(), "w")) {
      fputs(wanted.c_str(), file);
      fclose(file);
    }
  }
  if (caseName == "scan") {
    uint64_t bytes = 0;
    engine->scan(bytes);
    bytes = 0;
    const double start = seconds();
    const uint64_t count = engine->scan(bytes);
    const double duration = seconds() - start;
    printf("\"entries_per_second\": %.0f, \"bytes_per_second\": %.0f}\n",
           static_cast<double>(count) / duration, static_cast<double>(bytes) / duration);
    return 0;
  }
  if (caseName == "get") {
    // Once over all keys, so that they are in memory.
    auto read = engine->reader(keys);
    for (uint64_t number = 0; number < keys.count; number++) read(number);
  }
  // More threads, so that the memory is filled sooner.
  if (caseName == "get-large") reads(*engine, keys, 10, 16, 1000);
  printf("\"rate\": %.0f}\n", reads(*engine, keys, duration, caseName == "get-large" ? 2 : 1));
  return 0;
}

}  // namespace

int main(int argc, char **argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception &error) {
    fprintf(stderr, "peers: %s\n", error.what());
    return 70;
  }
}
