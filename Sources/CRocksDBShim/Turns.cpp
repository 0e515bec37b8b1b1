#include "Turns.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace {

// What sched_setattr(2) takes, in its first form.
struct Attributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
};

// A caller that wakes up waits for the end of another thread's turn, 3 ms where nobody says otherwise:
// more than a lookup may take. Linux before 6.12 has no turns of one's own and takes no notice.
constexpr uint64_t turnNanoseconds = 100'000;

// What is left over. A thread that loses the processor while it holds RocksDB's mutex waits for some
// seventy of its turns: 7 ms with short ones, where turns of 3 ms would be 200 ms for all who want that
// mutex.
constexpr int32_t backgroundNice = 19;

}  // namespace

void workInBackground() {
  static thread_local bool isDone = false;
  if (isDone) return;
  isDone = true;
  const Attributes attributes = {
      sizeof(Attributes), SCHED_BATCH, 0, backgroundNice, 0, turnNanoseconds, 0, 0};
  // Where it is not allowed, all stays as it is.
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}
