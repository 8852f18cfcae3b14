// Memory that another process has, too, which may take its file's pages away: to touch them is SIGBUS then.
// The handler is a signal handler, so not Swift: it may call only what is async-signal-safe.
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>

#include "CLinux.h"

struct area {
  // 0 where the place is free.
  uintptr_t start;
  size_t size;
  bool is_lost;
};

static struct area areas[CL_MOST_SHARED_AREAS];

static void replace(int signal, siginfo_t *info, void *context) {
  (void)context;
  int saved = errno;
  uintptr_t address = (uintptr_t)info->si_addr;
  for (int index = 0; index < CL_MOST_SHARED_AREAS; index++) {
    uintptr_t start = __atomic_load_n(&areas[index].start, __ATOMIC_ACQUIRE);
    if (start == 0 || address < start || address - start >= areas[index].size) continue;
    // Zeros in place of the whole area: what is there is nobody's any more, and the instruction goes on.
    void *memory = mmap(
        (void *)start, areas[index].size, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (memory == MAP_FAILED) break;
    __atomic_store_n(&areas[index].is_lost, true, __ATOMIC_RELEASE);
    errno = saved;
    return;
  }
  // Not ours to mend: the same fault ends the process once this returns.
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigaction(signal, &action, NULL);
  errno = saved;
}

void cl_survive_lost_memory(void) {
  struct sigaction action = {.sa_sigaction = replace, .sa_flags = SA_SIGINFO};
  sigaction(SIGBUS, &action, NULL);
}

int cl_watch_memory(void *start, size_t size) {
  for (int index = 0; index < CL_MOST_SHARED_AREAS; index++) {
    if (areas[index].start != 0) continue;
    areas[index].size = size;
    areas[index].is_lost = false;
    __atomic_store_n(&areas[index].start, (uintptr_t)start, __ATOMIC_RELEASE);
    return index;
  }
  return -1;
}

void cl_forget_memory(int index) { __atomic_store_n(&areas[index].start, 0, __ATOMIC_RELEASE); }

bool cl_is_memory_lost(int index) { return __atomic_load_n(&areas[index].is_lost, __ATOMIC_ACQUIRE); }
