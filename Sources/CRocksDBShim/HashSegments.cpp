// A memtable that is cheap to write, to ask for one key, and to walk in order:
//
// 1. An entry is written behind a link of its hash chain, in RocksDB's arena; the newest version of a
//    key comes first in its chain. A point lookup follows one chain.
// 2. Its address is also added to the open segment. A full segment is sealed and sorted by a thread of
//    its own; a memtable that gets no more entries seals the last one.
// 3. An iterator merges the sorted segments. What the open segment holds by then is sorted in runs
//    that are kept for the next iterator; a run that is not twice as long as what came after it is
//    sorted anew together with it, so that there are few.
//
// One thread inserts at a time (RocksDB's write leader), any number read.

#include <rocksdb/memtablerep.h>
#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <random>

#include "FetchChains.hpp"
#include "Handles.hpp"
#include "Segment.hpp"

namespace ROCKSDB_NAMESPACE {

// Of RocksDB's arena the public headers tell only the name, yet iterators must be placed in it. This
// is the one call of it that is needed, by the name that the library exports.
class Arena {
 public:
  char *AllocateAligned(size_t bytes, size_t huge_page_size, Logger *logger);
};

}  // namespace ROCKSDB_NAMESPACE

namespace {

using rocksdb::KeyHandle;
using rocksdb::MemTableRep;
using rocksdb::Slice;

// A link of a hash chain, right in front of the entry.
struct Link {
  // The next link's address, with 16 bits of that key's hash above it; 0 at the end.
  uint64_t next;

  const char *entry() const { return reinterpret_cast<const char *>(this + 1); }
};

constexpr int tagShift = 48;

// An address and eight digits.
constexpr size_t sortedEntryBytes = 16;

Link *linkOf(uint64_t reference) {
  return reinterpret_cast<Link *>(reference & ((uint64_t{1} << tagShift) - 1));
}

uint64_t mixed(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Differs from process to process, so that nobody can choose keys that fall into one chain.
uint64_t hashOf(const MemtableKey &key) {
  static const uint64_t seed = [] {
    std::random_device device;
    return (static_cast<uint64_t>(device()) << 32) | device();
  }();
  // Fractions of the square roots of 2, 3 and 5.
  constexpr uint64_t two = 0x6a09e667f3bcc909, three = 0xbb67ae8584caa73b,
                     five = 0x3c6ef372fe94f82b;
  uint64_t hash = seed ^ (key.userBytes * two);
  const char *bytes = key.user;
  uint32_t left = key.userBytes;
  for (; left >= 8; left -= 8, bytes += 8) hash = mixed(hash ^ loadNumber(bytes), three);
  if (left > 0) {
    uint64_t tail = 0;
    memcpy(&tail, bytes, left);
    hash = mixed(hash ^ tail, three);
  }
  return mixed(hash, five);
}

// Zeroed memory straight from the kernel, in pages of 2 MiB where it has them: chains are found at
// random, and with pages of 4 KiB each search misses the processor's address cache as well.
class ZeroedWords {
 public:
  explicit ZeroedWords(size_t bytes) : mapped_(bytes + hugePageBytes) {
    memory_ = mmap(
        nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    const auto address = reinterpret_cast<uintptr_t>(memory_);
    words_ = reinterpret_cast<uint64_t *>((address + hugePageBytes - 1) & ~(hugePageBytes - 1));
    madvise(words_, bytes, MADV_HUGEPAGE);
  }
  ~ZeroedWords() { munmap(memory_, mapped_); }
  ZeroedWords(const ZeroedWords &) = delete;
  ZeroedWords &operator=(const ZeroedWords &) = delete;

  uint64_t *words() const { return words_; }

 private:
  static constexpr uintptr_t hugePageBytes = uintptr_t{2} << 20;
  const size_t mapped_;
  void *memory_;
  uint64_t *words_;
};

// The chains into which this thread inserted last; the memtable that they are of may be gone.
struct LastChains {
  uint64_t *words;
  uint64_t mask;
};
thread_local LastChains lastChains = {nullptr, 0};

class HashSegments final : public MemTableRep {
 public:
  HashSegments(
      rocksdb::Allocator *allocator, std::shared_ptr<SegmentSorter> sorter, size_t bucketCount,
      size_t segmentEntries)
      : MemTableRep(allocator),
        sorter_(std::move(sorter)),
        bucketMask_(bucketCount - 1),
        segmentEntries_(segmentEntries),
        buckets_(bucketCount * sizeof(uint64_t)) {
    extraBytes_.store(bucketCount * sizeof(uint64_t), std::memory_order_relaxed);
    open();
  }

  ~HashSegments() override {
    for (const auto &segment : sealed_) segment->abandon();
  }

  KeyHandle Allocate(const size_t bytes, char **buffer) override {
    char *memory;
    MemTableRep::Allocate(bytes + sizeof(Link) + alignof(Link) - 1, &memory);
    const auto address = reinterpret_cast<uintptr_t>(memory);
    const auto aligned = (address + alignof(Link) - 1) & ~uintptr_t{alignof(Link) - 1};
    auto *link = reinterpret_cast<Link *>(aligned);
    *buffer = reinterpret_cast<char *>(link + 1);
    return link;
  }

  void Insert(KeyHandle handle) override {
    auto *link = static_cast<Link *>(handle);
    const MemtableKey key = keyOf(link->entry());
    if (key.version < newestVersion_)
      chainsDescend_.store(false, std::memory_order_release);
    else
      newestVersion_ = key.version;
    const uint64_t hash = hashOf(key);
    lastChains = {buckets_.words(), bucketMask_};
    uint64_t *bucket = buckets_.words() + (hash & bucketMask_);
    link->next = __atomic_load_n(bucket, __ATOMIC_RELAXED);
    const uint64_t reference =
        reinterpret_cast<uint64_t>(link) | (hash >> tagShift << tagShift);
    __atomic_store_n(bucket, reference, __ATOMIC_RELEASE);
    if (open_->full()) {
      seal();
      open();
    }
    open_->add(link->entry());
    // What its place in a sorted run will take. It is counted now, as RocksDB's own count of memory
    // holds only while a memtable that gets no more entries does not grow.
    extraBytes_.store(
        extraBytes_.load(std::memory_order_relaxed) + sortedEntryBytes, std::memory_order_relaxed);
  }

  bool Contains(const char *entry) const override {
    const MemtableKey key = keyOf(entry);
    const Link *link = find(key);
    return link != nullptr && keyOf(link->entry()).version == key.version;
  }

  void MarkReadOnly() override {
    if (open_ && open_->count() > 0) seal();
  }

  size_t ApproximateMemoryUsage() override {
    return extraBytes_.load(std::memory_order_relaxed);
  }

  Iterator *GetIterator(rocksdb::Arena *arena) override;
  Iterator *GetDynamicPrefixIterator(rocksdb::Arena *arena) override;

  // The newest version of the user key that is not newer than `key`; null where there is none.
  const Link *find(const MemtableKey &key) const {
    const uint64_t hash = hashOf(key);
    return follow(
        __atomic_load_n(buckets_.words() + (hash & bucketMask_), __ATOMIC_ACQUIRE), hash >> tagShift, key);
  }

  // The version after `link` of the same user key; null where there is none.
  const Link *findOlder(const Link *link) const {
    MemtableKey key = keyOf(link->entry());
    if (key.version == 0) return nullptr;
    key.version--;
    const uint64_t hash = hashOf(key);
    const uint64_t start =
        chainsDescend_.load(std::memory_order_acquire)
            ? link->next
            : __atomic_load_n(buckets_.words() + (hash & bucketMask_), __ATOMIC_ACQUIRE);
    return follow(start, hash >> tagShift, key);
  }

  // All entries so far, in order.
  std::vector<std::shared_ptr<const SortedRun>> runs() const {
    std::vector<std::shared_ptr<const SortedRun>> runs;
    std::vector<std::shared_ptr<Segment>> sealed;
    {
      std::lock_guard<std::mutex> guard(mutex_);
      sealed = sealed_;
      if (open_) coverOpenSegment();
      runs = openRuns_;
    }
    // The sorter begins at the oldest, so that two threads seldom want the same.
    for (auto segment = sealed.rbegin(); segment != sealed.rend(); ++segment) {
      auto run = (*segment)->sorted();
      if (run) runs.push_back(std::move(run));
    }
    return runs;
  }

 private:
  class Ordered;
  class Point;

  const Link *follow(uint64_t reference, uint64_t tag, const MemtableKey &key) const {
    const bool descending = chainsDescend_.load(std::memory_order_acquire);
    const Link *best = nullptr;
    uint64_t bestVersion = 0;
    while (reference != 0) {
      const Link *link = linkOf(reference);
      if (reference >> tagShift == tag) {
        const MemtableKey found = keyOf(link->entry());
        if (found.version <= key.version && sameUserKey(found, key)) {
          if (descending) return link;
          if (best == nullptr || found.version > bestVersion) {
            best = link;
            bestVersion = found.version;
          }
        }
      }
      reference = link->next;
    }
    return best;
  }

  void open() {
    auto segment = std::make_shared<Segment>(segmentEntries_);
    extraBytes_.fetch_add(segmentEntries_ * sizeof(char *), std::memory_order_relaxed);
    std::lock_guard<std::mutex> guard(mutex_);
    open_ = std::move(segment);
  }

  void seal() {
    std::shared_ptr<Segment> segment;
    {
      std::lock_guard<std::mutex> guard(mutex_);
      segment = std::move(open_);
      open_.reset();
      sealed_.push_back(segment);
      openRuns_.clear();
      covered_ = 0;
    }
    sorter_->add(std::move(segment));
  }

  void coverOpenSegment() const {
    const size_t count = open_->count();
    if (count == covered_) return;
    size_t start = covered_;
    while (!openRuns_.empty() && openRuns_.back()->count() < 2 * (count - start)) {
      start -= openRuns_.back()->count();
      openRuns_.pop_back();
    }
    openRuns_.push_back(
        std::make_shared<const SortedRun>(open_->entries() + start, count - start));
    covered_ = count;
  }

  const std::shared_ptr<SegmentSorter> sorter_;
  const uint64_t bucketMask_;
  const size_t segmentEntries_;
  const ZeroedWords buckets_;
  std::atomic<size_t> extraBytes_{0};

  // Entries come with rising versions but for uses of RocksDB that we do not know; then chains are
  // searched to their end.
  std::atomic<bool> chainsDescend_{true};
  uint64_t newestVersion_ = 0;

  // Guards which segments there are; the inserting thread alone changes `open_`.
  mutable std::mutex mutex_;
  std::shared_ptr<Segment> open_;
  std::vector<std::shared_ptr<Segment>> sealed_;
  mutable std::vector<std::shared_ptr<const SortedRun>> openRuns_;
  mutable size_t covered_ = 0;
};

// Walks over all entries that were there at its first seek.
class HashSegments::Ordered final : public MemTableRep::Iterator {
 public:
  explicit Ordered(const HashSegments &table) : table_(table) {}

  bool Valid() const override { return merge_.valid(); }
  const char *key() const override { return merge_.entry(); }
  void Next() override { merge_.next(); }
  void Prev() override { merge_.previous(); }

  void Seek(const Slice &internal, const char *) override {
    load();
    merge_.seek(keyOf(internal.data(), internal.size()));
  }

  void SeekForPrev(const Slice &internal, const char *) override {
    load();
    merge_.seekBackward(keyOf(internal.data(), internal.size()));
  }

  void SeekToFirst() override {
    load();
    merge_.seekToFirst();
  }

  void SeekToLast() override {
    load();
    merge_.seekToLast();
  }

 private:
  void load() {
    if (loaded_) return;
    merge_.reset(table_.runs());
    loaded_ = true;
  }

  const HashSegments &table_;
  RunMerge merge_;
  bool loaded_ = false;
};

// Finds the versions of one user key by its hash. Any other walk is left to an ordered iterator.
class HashSegments::Point final : public MemTableRep::Iterator {
 public:
  explicit Point(const HashSegments &table) : table_(table) {}

  bool Valid() const override { return ordered_ ? ordered_->Valid() : link_ != nullptr; }
  const char *key() const override { return ordered_ ? ordered_->key() : link_->entry(); }

  void Seek(const Slice &internal, const char *) override {
    ordered_.reset();
    link_ = table_.find(keyOf(internal.data(), internal.size()));
  }

  void Next() override {
    if (ordered_) return ordered_->Next();
    link_ = table_.findOlder(link_);
  }

  void Prev() override {
    if (!ordered_) {
      const MemtableKey key = keyOf(link_->entry());
      const Slice internal(key.user, key.userBytes + 8);
      order().Seek(internal, nullptr);
    }
    ordered_->Prev();
  }

  void SeekForPrev(const Slice &internal, const char *entry) override {
    order().SeekForPrev(internal, entry);
  }

  void SeekToFirst() override { order().SeekToFirst(); }
  void SeekToLast() override { order().SeekToLast(); }

 private:
  Ordered &order() {
    ordered_ = std::make_unique<Ordered>(table_);
    return *ordered_;
  }

  const HashSegments &table_;
  const Link *link_ = nullptr;
  std::unique_ptr<Ordered> ordered_;
};

MemTableRep::Iterator *HashSegments::GetIterator(rocksdb::Arena *arena) {
  if (arena == nullptr) return new Ordered(*this);
  return new (arena->AllocateAligned(sizeof(Ordered), 0, nullptr)) Ordered(*this);
}

MemTableRep::Iterator *HashSegments::GetDynamicPrefixIterator(rocksdb::Arena *arena) {
  if (arena == nullptr) return new Point(*this);
  return new (arena->AllocateAligned(sizeof(Point), 0, nullptr)) Point(*this);
}

class HashSegmentsFactory final : public rocksdb::MemTableRepFactory {
 public:
  HashSegmentsFactory(size_t bucketCount, size_t segmentEntries)
      : bucketCount_(bucketCount), segmentEntries_(segmentEntries) {}

  const char *Name() const override { return "HashSegments"; }

  using MemTableRepFactory::CreateMemTableRep;
  MemTableRep *CreateMemTableRep(
      const MemTableRep::KeyComparator &, rocksdb::Allocator *allocator,
      const rocksdb::SliceTransform *, rocksdb::Logger *) override {
    return new HashSegments(allocator, sorter_, bucketCount_, segmentEntries_);
  }

 private:
  const size_t bucketCount_;
  const size_t segmentEntries_;
  const std::shared_ptr<SegmentSorter> sorter_ = std::make_shared<SegmentSorter>();
};

}  // namespace

void rocksdb_shim_options_set_hash_segments(rocksdb_options_t *options, size_t segment_entries) {
  rocksdb::Options &target = behind(options);
  // A chain for each 128 bytes, and at least four segments, so that little waits for the flush.
  const size_t expected = std::max<size_t>(target.write_buffer_size / 128, 1024);
  size_t buckets = 1024;
  while (buckets < expected) buckets *= 2;
  const size_t entries = std::min(segment_entries, std::max<size_t>(expected / 4, 256));
  target.memtable_factory = std::make_shared<HashSegmentsFactory>(buckets, entries);
  target.allow_concurrent_memtable_write = false;
}

namespace {

// 64 bytes of cache each.
constexpr int fetchesMax = 4096;

// Reads a varint32; null where it does not end.
const unsigned char *readLength(const unsigned char *at, const unsigned char *end, uint32_t *length) {
  *length = 0;
  for (int shift = 0; shift <= 28 && at < end; shift += 7) {
    const uint32_t byte = *at++;
    *length |= (byte & 127) << shift;
    if (byte < 128) return at;
  }
  return nullptr;
}

}  // namespace

// A batch, frozen by write_batch.h: 12 bytes, then records of a tag, a key with its length and, where
// the tag is 1, a value with its length; a tag of 0 is a deletion.
void fetchChains(const char *batch, size_t bytes) {
  const LastChains chains = lastChains;
  if (chains.words == nullptr || bytes < 12) return;
  const auto *at = reinterpret_cast<const unsigned char *>(batch) + 12;
  const auto *end = reinterpret_cast<const unsigned char *>(batch) + bytes;
  // More lines than the core's cache holds would push one another out.
  for (int left = fetchesMax; left > 0 && at < end; left--) {
    const unsigned char tag = *at++;
    uint32_t length = 0;
    if (tag > 1 || (at = readLength(at, end, &length)) == nullptr || end - at < length) return;
    const uint64_t hash = hashOf({reinterpret_cast<const char *>(at), length, 0});
    // Never faults, wherever it points.
    __builtin_prefetch(chains.words + (hash & chains.mask), 1);
    at += length;
    if (tag == 0) continue;
    if ((at = readLength(at, end, &length)) == nullptr || end - at < length) return;
    at += length;
  }
}
