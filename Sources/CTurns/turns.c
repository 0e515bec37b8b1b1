#define _GNU_SOURCE

#include "turns.h"

#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// The shortest that the kernel grants. A thread that wakes up waits for the end of another thread's turn,
// 3 ms where nobody says otherwise: more than a lookup may take.
static const uint64_t short_turn_nanoseconds = 100000;

// A little longer: only whoever has shorter turns takes the processor from a thread in the midst of its own.
// A thread that wakes in vain waits for the kernel's next tick, 4 ms where there are 250 a second.
static const uint64_t yielding_turn_nanoseconds = 120000;

// What is left over. A thread that loses the processor while it holds RocksDB's mutex waits for some
// seventy of its turns: 8 ms with these, where turns of 3 ms would be 200 ms for all who want that mutex.
static const int32_t background_nice = 19;

// A tenth of what others get who want the processor as well: enough to be done before long.
static const int32_t yielding_nice = 10;

static void set_turns(uint64_t nanoseconds, uint32_t policy, int32_t nice) {
  // What sched_setattr(2) takes, in its first form.
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } attributes = {sizeof attributes, policy, 0, nice, 0, nanoseconds, 0, 0};
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

// A process that was started with a nice value keeps it.
static int32_t own_nice(void) { return getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid)); }

void turns_make_short(void) { set_turns(short_turn_nanoseconds, SCHED_OTHER, own_nice()); }

void turns_make_yielding(void) {
  const int32_t nice = own_nice();
  set_turns(
      yielding_turn_nanoseconds, SCHED_BATCH, nice > yielding_nice ? nice : yielding_nice);
}

void turns_work_in_background(void) {
  static _Thread_local int is_done = 0;
  if (is_done) return;
  is_done = 1;
  set_turns(yielding_turn_nanoseconds, SCHED_BATCH, background_nice);
}

void turns_work_when_idle(void) { set_turns(short_turn_nanoseconds, SCHED_IDLE, 0); }

// Longer than a background thread's turn, or it would give up what it was just given.
static const int64_t give_way_nanoseconds = 150000;

static int64_t nanoseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void turns_give_way(void) {
  static _Thread_local int64_t looked = 0, worked = 0;
  // The time that a thread has worked costs a call of the kernel.
  const int64_t now = nanoseconds(CLOCK_MONOTONIC);
  if (now - looked < give_way_nanoseconds) return;
  looked = now;
  const int64_t work = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
  if (work - worked < give_way_nanoseconds) return;
  sched_yield();
  looked = nanoseconds(CLOCK_MONOTONIC);
  worked = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
}
