#include <CLinux.h>
#include <stdlib.h>

void cl_reserve_heap(int bytes) {
  // The heap's end stays where it is when something is freed there.
  mallopt(M_TRIM_THRESHOLD, INT32_MAX);
  mallopt(M_TOP_PAD, bytes);
  // More than the heap has left makes it grow, by the padding too; a single larger one would get a mapping of its own.
  // Volatile: what nobody looks at isn't allocated.
  void *volatile all[4];
  for (int index = 0; index < 4; index++) all[index] = malloc(100 << 10);
  for (int index = 0; index < 4; index++) free(all[index]);
  mallopt(M_TOP_PAD, 128 << 10);
}
