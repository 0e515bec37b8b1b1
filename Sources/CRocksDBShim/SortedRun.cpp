#include "SortedRun.hpp"

#include <algorithm>

namespace {

uint32_t sharedBytes(const char *a, const char *b, uint32_t limit) {
  uint32_t shared = 0;
  while (shared < limit && a[shared] == b[shared]) shared++;
  return shared;
}

// Eight bytes from `start`, the first the most significant; zeros stand for what is behind the end.
uint64_t eightBytes(const char *start, size_t available) {
  if (available >= 8) return __builtin_bswap64(loadNumber(start));
  uint64_t number = 0;
  for (size_t index = 0; index < available; index++) {
    const auto byte = static_cast<unsigned char>(start[index]);
    number |= static_cast<uint64_t>(byte) << (56 - 8 * index);
  }
  return number;
}

}  // namespace

SortedRun::SortedRun(const char *const *entries, size_t count) : items_(count) {
  if (count == 0) return;
  const MemtableKey first = keyOf(entries[0]);
  common_ = first.user;
  commonBytes_ = first.userBytes;
  for (size_t index = 1; index < count && commonBytes_ > 0; index++) {
    const MemtableKey key = keyOf(entries[index]);
    commonBytes_ = sharedBytes(common_, key.user, std::min(commonBytes_, key.userBytes));
  }
  for (size_t index = 0; index < count; index++)
    items_[index] = {digits(keyOf(entries[index])), entries[index]};
  std::sort(items_.begin(), items_.end(), [](const Item &a, const Item &b) {
    if (a.digits != b.digits) return a.digits < b.digits;
    return compareKeys(keyOf(a.entry), keyOf(b.entry)) < 0;
  });
}

uint64_t SortedRun::digits(const MemtableKey &key) const {
  return eightBytes(key.user + commonBytes_, key.userBytes - commonBytes_);
}

size_t SortedRun::lowerBound(const MemtableKey &key) const {
  if (items_.empty()) return 0;
  const uint32_t shared = sharedBytes(common_, key.user, std::min(commonBytes_, key.userBytes));
  if (shared < commonBytes_) {
    const bool above = shared < key.userBytes && static_cast<unsigned char>(key.user[shared]) >
                                                     static_cast<unsigned char>(common_[shared]);
    return above ? items_.size() : 0;
  }
  const uint64_t wanted = digits(key);
  const auto place =
      std::lower_bound(items_.begin(), items_.end(), wanted, [&](const Item &item, uint64_t) {
        if (item.digits != wanted) return item.digits < wanted;
        return compareKeys(keyOf(item.entry), key) < 0;
      });
  return static_cast<size_t>(place - items_.begin());
}

void RunMerge::reset(std::vector<std::shared_ptr<const SortedRun>> runs) {
  runs_ = std::move(runs);
  places_.assign(runs_.size(), 0);
  heap_.clear();
}

void RunMerge::seekToFirst() {
  std::fill(places_.begin(), places_.end(), 0);
  build(true);
}

void RunMerge::seekToLast() {
  for (size_t run = 0; run < runs_.size(); run++) places_[run] = runs_[run]->count();
  build(false);
}

void RunMerge::seek(const MemtableKey &key) {
  for (size_t run = 0; run < runs_.size(); run++) places_[run] = runs_[run]->lowerBound(key);
  build(true);
}

void RunMerge::seekBackward(const MemtableKey &key) {
  for (size_t run = 0; run < runs_.size(); run++) {
    size_t place = runs_[run]->lowerBound(key);
    if (place < runs_[run]->count() &&
        compareKeys(keyOf(runs_[run]->entry(place)), key) == 0)
      place++;
    places_[run] = place;
  }
  build(false);
}

void RunMerge::next() {
  if (!forward_) return build(true);
  places_[heap_.front().run]++;
  replaceTop();
}

void RunMerge::previous() {
  if (forward_) return build(false);
  places_[heap_.front().run]--;
  replaceTop();
}

inline bool RunMerge::before(const Head &a, const Head &b) const {
  const int order = compareKeys(a.key, b.key);
  return forward_ ? order < 0 : order > 0;
}

// Takes the entry beside the gap of the head's run; false where there is none.
inline bool RunMerge::fill(Head &head) const {
  const SortedRun &run = *runs_[head.run];
  const size_t place = places_[head.run];
  if (forward_ ? place == run.count() : place == 0) return false;
  head.entry = run.entry(forward_ ? place : place - 1);
  head.key = keyOf(head.entry);
  // Far enough ahead for the memory to answer while other runs are walked.
  if (forward_ && place + 4 < run.count()) __builtin_prefetch(run.entry(place + 4));
  return true;
}

void RunMerge::build(bool forward) {
  forward_ = forward;
  heap_.clear();
  for (size_t run = 0; run < runs_.size(); run++) {
    Head head{{}, nullptr, run};
    if (fill(head)) heap_.push_back(head);
  }
  for (size_t index = heap_.size() / 2; index-- > 0;) sink(index);
}

void RunMerge::replaceTop() {
  if (!fill(heap_.front())) {
    heap_.front() = heap_.back();
    heap_.pop_back();
  }
  if (heap_.size() > 1) sink(0);
}

void RunMerge::sink(size_t index) {
  const Head moving = heap_[index];
  while (true) {
    size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) child++;
    if (!before(heap_[child], moving)) break;
    heap_[index] = heap_[child];
    index = child;
  }
  heap_[index] = moving;
}
