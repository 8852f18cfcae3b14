#include <CLinux.h>
#include <stdlib.h>

void cl_reserve_heap(int bytes) {
  // Freeing memory doesn't lower the heap's end.
  mallopt(M_TRIM_THRESHOLD, INT32_MAX);
  mallopt(M_TOP_PAD, bytes);
  // An allocation beyond the heap's end grows it, by the padding too; a larger one would get a mapping of its own.
  // Volatile: otherwise the compiler drops the unused allocations.
  void *volatile all[4];
  for (int index = 0; index < 4; index++) all[index] = malloc(100 << 10);
  for (int index = 0; index < 4; index++) free(all[index]);
  mallopt(M_TOP_PAD, 128 << 10);
}
