#define _GNU_SOURCE
#include "thread_number.h"

#include <pthread.h>
#include <stdint.h>

_Thread_local int thread_number_plus_one;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int has_key;
static unsigned char is_taken[THREAD_NUMBERS];
static int given;

// Runs when a thread ends. Another destructor of the thread may ask for a number once more: it then
// gets one anew, which this gives back in the next round of destructors.
static void give_back(void *value) {
  int number = (int)(intptr_t)value - 1;
  thread_number_plus_one = 0;
  pthread_mutex_lock(&lock);
  is_taken[number] = 0;
  pthread_mutex_unlock(&lock);
}

static void make_key(void) { has_key = pthread_key_create(&key, give_back) == 0; }

int thread_numbers_given(void) { return __atomic_load_n(&given, __ATOMIC_ACQUIRE); }

int thread_number_take(void) {
  int number = THREAD_NUMBERS;
  pthread_once(&once, make_key);
  if (has_key) {
    pthread_mutex_lock(&lock);
    for (number = 0; number < THREAD_NUMBERS && is_taken[number]; number++) {
    }
    // A number that could not be given back is not given.
    if (number < THREAD_NUMBERS && pthread_setspecific(key, (void *)(intptr_t)(number + 1)) != 0) {
      number = THREAD_NUMBERS;
    }
    if (number < THREAD_NUMBERS) {
      is_taken[number] = 1;
      if (number >= given) __atomic_store_n(&given, number + 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&lock);
  }
  thread_number_plus_one = number + 1;
  return number;
}
