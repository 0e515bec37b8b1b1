#include "Segment.hpp"

#include <pthread.h>
#include <turns.h>

Segment::Segment(size_t capacity) : capacity_(capacity), entries_(new const char *[capacity]) {}

std::shared_ptr<const SortedRun> Segment::sorted() {
  std::lock_guard<std::mutex> guard(mutex_);
  if (!run_ && !abandoned_) {
    run_ = std::make_shared<const SortedRun>(entries_.get(), count());
    entries_.reset();
  }
  return run_;
}

void Segment::abandon() {
  std::lock_guard<std::mutex> guard(mutex_);
  abandoned_ = true;
}

SegmentSorter::~SegmentSorter() {
  {
    std::lock_guard<std::mutex> guard(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void SegmentSorter::add(std::shared_ptr<Segment> segment) {
  {
    std::lock_guard<std::mutex> guard(mutex_);
    waiting_.push_back(std::move(segment));
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  }
  changed_.notify_one();
}

void SegmentSorter::work() {
  // Else it would bear the name of whoever filled the first segment.
  pthread_setname_np(pthread_self(), "store-sorter");
  turns_work_in_background();
  std::unique_lock<std::mutex> guard(mutex_);
  while (true) {
    changed_.wait(guard, [this] { return stopping_ || !waiting_.empty(); });
    // Whoever needs what is still waiting sorts it himself.
    if (stopping_) return;
    std::shared_ptr<Segment> segment = std::move(waiting_.front());
    waiting_.pop_front();
    guard.unlock();
    segment->sorted();
    segment.reset();
    guard.lock();
  }
}
