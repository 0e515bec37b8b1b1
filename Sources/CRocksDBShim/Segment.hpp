#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "SortedRun.hpp"

// Entries in the order in which they came, up to a fixed number; sorted once it gets no more.
//
// One thread adds, others read at the same time.
class Segment {
 public:
  explicit Segment(size_t capacity);

  size_t capacity() const { return capacity_; }
  size_t count() const { return count_.load(std::memory_order_acquire); }
  bool full() const { return count_.load(std::memory_order_relaxed) == capacity_; }
  const char *const *entries() const { return entries_.get(); }

  void add(const char *entry) {
    const size_t place = count_.load(std::memory_order_relaxed);
    entries_[place] = entry;
    count_.store(place + 1, std::memory_order_release);
  }

  // Sorts, or waits for who is sorting; nothing may be added any more. Null once abandoned.
  std::shared_ptr<const SortedRun> sorted();

  // The entries are about to go: waits for who is sorting, and lets nobody begin.
  void abandon();

 private:
  const size_t capacity_;
  std::atomic<size_t> count_{0};
  std::unique_ptr<const char *[]> entries_;
  std::mutex mutex_;
  std::shared_ptr<const SortedRun> run_;
  bool abandoned_ = false;
};

// A thread that sorts segments as they get full; it starts with the first.
class SegmentSorter {
 public:
  ~SegmentSorter();
  void add(std::shared_ptr<Segment> segment);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Segment>> waiting_;
  std::thread thread_;
  bool stopping_ = false;
};
