#include "CAllocationCount.h"

#include <errno.h>
#include <stddef.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static __thread int watched;
static volatile int counting;
static volatile uint64_t count;

// Only the watched thread writes the count.
static void note(void) {
  if (watched && counting) count++;
}

void *malloc(size_t size) {
  note();
  return __libc_malloc(size);
}
void *calloc(size_t number, size_t size) {
  note();
  return __libc_calloc(number, size);
}
void *realloc(void *old, size_t size) {
  note();
  return __libc_realloc(old, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void **result, size_t alignment, size_t size) {
  note();
  *result = __libc_memalign(alignment, size);
  return *result == NULL ? ENOMEM : 0;
}

void ac_watch_this_thread(void) { watched = 1; }
void ac_allocate(void) {
  // Volatile, or the compiler sees that nobody needs it.
  void *volatile memory = malloc(1);
  __libc_free(memory);
}
void ac_start(void) {
  count = 0;
  counting = 1;
}
uint64_t ac_stop(void) {
  counting = 0;
  return count;
}
