#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// So many threads at once have a number of their own.
#define THREAD_NUMBERS 256

/// The calling thread's number plus one; 0 where it has none yet.
extern _Thread_local int thread_number_plus_one;

/// The numbers that were ever given lie below this.
int thread_numbers_given(void);

/// Gives the calling thread a number, and returns it.
int thread_number_take(void);

/// A number that no other living thread has, from 0 on; THREAD_NUMBERS where there are more threads
/// than numbers. What a thread that had it before wrote is seen by the next that has it.
static inline int thread_number(void) {
  int number = thread_number_plus_one;
  return number > 0 ? number - 1 : thread_number_take();
}

#ifdef __cplusplus
}
#endif
