#pragma once

#include <memory>
#include <vector>

#include "MemtableEntry.hpp"

// Entries of a memtable in order, never changed once built.
//
// Beside each entry stand the 8 bytes of its key that follow what all keys of the run begin with:
// sorting and searching then seldom touch the keys themselves, each of which is a cache miss.
class SortedRun {
 public:
  // Sorts entries; they are not copied, and must outlive the run.
  SortedRun(const char *const *entries, size_t count);

  size_t count() const { return items_.size(); }

  const char *entry(size_t position) const { return items_[position].entry; }

  // How many entries come before `key`.
  size_t lowerBound(const MemtableKey &key) const;

 private:
  struct Item {
    uint64_t digits;
    const char *entry;
  };

  uint64_t digits(const MemtableKey &key) const;

  std::vector<Item> items_;
  const char *common_ = nullptr;
  uint32_t commonBytes_ = 0;
};

// Walks over several runs at once, either way.
//
// The place of each run is a gap: `place` entries lie before it. Going forward all entries before the
// gaps are smaller than the current one, going backward all behind the gaps are greater. No two
// entries are equal, so turning around only rebuilds the heap.
class RunMerge {
 public:
  void reset(std::vector<std::shared_ptr<const SortedRun>> runs);

  bool valid() const { return !heap_.empty(); }
  const char *entry() const { return heap_.front().entry; }

  void seekToFirst();
  void seekToLast();
  void seek(const MemtableKey &key);
  void seekBackward(const MemtableKey &key);
  void next();
  void previous();

 private:
  struct Head {
    MemtableKey key;
    const char *entry;
    size_t run;
  };

  bool before(const Head &a, const Head &b) const;
  bool fill(Head &head) const;
  void build(bool forward);
  void sink(size_t index);
  void replaceTop();

  std::vector<std::shared_ptr<const SortedRun>> runs_;
  std::vector<size_t> places_;
  std::vector<Head> heap_;
  bool forward_ = true;
};
