#pragma once

// What the toolchain's Glibc module leaves out. It is built without _GNU_SOURCE, and a module that
// is built with it disagrees about `fd_set` and `rusage`: so system calls stand here by number.

#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Binds the calling thread to the CPUs of a bit mask; 0, or -1 with errno.
static inline int linux_set_affinity(const unsigned long *mask, unsigned long bytes) {
  return (int)syscall(SYS_sched_setaffinity, 0, bytes, mask);
}

/// Reads the calling thread's CPUs into a bit mask; the bytes written, or -1 with errno.
static inline long linux_affinity(unsigned long *mask, unsigned long bytes) {
  return syscall(SYS_sched_getaffinity, 0, bytes, mask);
}

/// Where the calling thread runs; 0, or -1 with errno.
static inline int linux_getcpu(unsigned *cpu, unsigned *node) {
  return (int)syscall(SYS_getcpu, cpu, node, 0);
}

/// Names the calling thread; at most 15 bytes count.
static inline void linux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// Sets how late the calling thread's timers may be, in nanoseconds.
static inline void linux_set_timer_slack(unsigned long nanoseconds) {
  prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0);
}

/// CPU time of the calling thread (1) or of the process (0), in microseconds.
static inline void linux_cpu_time(int thread, int64_t *user, int64_t *system) {
  struct rusage usage;
  getrusage(thread ? 1 : 0, &usage);
  *user = (int64_t)usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec;
  *system = (int64_t)usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec;
}

/// Begins to configure a file system of a type; a descriptor, or -1 with errno.
static inline int linux_fsopen(const char *type) { return (int)syscall(SYS_fsopen, type, 1); }

/// Sets a value of it; 0, or -1 with errno.
static inline int linux_fsconfig_string(int context, const char *key, const char *value) {
  return (int)syscall(SYS_fsconfig, context, 1, key, value, 0);
}

/// Opens the file system that was configured; 0, or -1 with errno.
static inline int linux_fsconfig_create(int context) {
  return (int)syscall(SYS_fsconfig, context, 6, 0, 0, 0);
}

/// Mounts it nowhere, without devices, programs and their privileges; a descriptor of its root, or -1
/// with errno.
static inline int linux_fsmount(int context) {
  return (int)syscall(SYS_fsmount, context, 1, 2 | 4 | 8);
}

/// Fills `set` with the signals that ask a run to end.
static inline void linux_end_signals(sigset_t *set) {
  sigemptyset(set);
  sigaddset(set, SIGINT);
  sigaddset(set, SIGTERM);
  // `nohup` asks to live on when the terminal goes.
  struct sigaction hangup;
  if (sigaction(SIGHUP, 0, &hangup) == 0 && hangup.sa_handler != SIG_IGN) sigaddset(set, SIGHUP);
}

/// Blocks the signals that ask a run to end, for this thread and those it will start.
static inline void linux_block_end_signals(void) {
  sigset_t set;
  linux_end_signals(&set);
  sigprocmask(SIG_BLOCK, &set, 0);
}

/// Waits for one of the blocked signals and returns its number; -1 where it cannot wait.
static inline int linux_wait_for_end_signal(void) {
  sigset_t set;
  int number = 0;
  linux_end_signals(&set);
  return sigwait(&set, &number) == 0 ? number : -1;
}

/// Lets a signal do what it does by default, on this process, now.
static inline void linux_die_of(int number) {
  sigset_t set;
  signal(number, SIG_DFL);
  sigemptyset(&set);
  sigaddset(&set, number);
  sigprocmask(SIG_UNBLOCK, &set, 0);
  kill(getpid(), number);
}

// Touches eight bytes for writing and leaves them as they are: zeros are exchanged for zeros at once, and
// other values for nothing. A plain `or` with zero would be compiled into a read.
static inline void linux_take_page(void *place) {
  unsigned long long zero = 0;
  __atomic_compare_exchange_n(
      (unsigned long long *)place, &zero, 0, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/// Has the processor fetch the line of its cache that holds a place, which need not be there.
static inline void linux_fetch(const void *place) { __builtin_prefetch(place, 0, 3); }
