#include "CAllocationCount.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED

// A sanitizer brings an allocator of its own, which begins before anything instrumented may run.
void allocation_count_begin(const char *thread_name) { (void)thread_name; }
long allocation_count_end(void) { return -1; }

#else

// Defined here, these stand in front of the C library's own, which do the work.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_int counting;
static atomic_long allocations;
// Set before counting begins; other tests' threads bear other names.
static char counted[16];

static void count(void) {
  if (!atomic_load_explicit(&counting, memory_order_acquire)) return;
  char name[16] = {0};
  prctl(PR_GET_NAME, name, 0, 0, 0);
  if (strcmp(name, counted) == 0) atomic_fetch_add(&allocations, 1);
}

void *malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void *calloc(size_t count_, size_t size) {
  count();
  return __libc_calloc(count_, size);
}

void *realloc(void *old, size_t size) {
  count();
  return __libc_realloc(old, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  count();
  *result = __libc_memalign(alignment, size);
  return *result ? 0 : 12;
}

void *aligned_alloc(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void allocation_count_begin(const char *thread_name) {
  strncpy(counted, thread_name, sizeof counted - 1);
  atomic_store(&allocations, 0);
  atomic_store_explicit(&counting, 1, memory_order_release);
}

long allocation_count_end(void) {
  atomic_store(&counting, 0);
  return atomic_load(&allocations);
}

#endif
