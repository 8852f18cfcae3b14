// Memory that another process has, too, which may take its file's pages away: to touch them is SIGBUS then.
// The handler is a signal handler, so not Swift: it may call only what is async-signal-safe.
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>

#include "CLinux.h"

struct area {
  // 0 where the place is free, 1 while it is being taken.
  uintptr_t start;
  size_t size;
  // Changes whenever the place becomes another area's.
  unsigned version;
  bool is_lost;
};

static struct area areas[CL_MOST_SHARED_AREAS];

static void replace(int signal, siginfo_t *info, void *context) {
  (void)context;
  int saved = errno;
  uintptr_t address = (uintptr_t)info->si_addr;
  for (int index = 0; index < CL_MOST_SHARED_AREAS; index++) {
    unsigned version = __atomic_load_n(&areas[index].version, __ATOMIC_ACQUIRE);
    uintptr_t start = __atomic_load_n(&areas[index].start, __ATOMIC_ACQUIRE);
    size_t size = __atomic_load_n(&areas[index].size, __ATOMIC_ACQUIRE);
    // Another thread may have the place become another area's just now: one's start with the other's size is neither.
    if (__atomic_load_n(&areas[index].version, __ATOMIC_ACQUIRE) != version) continue;
    if (start <= 1 || address < start || address - start >= size) continue;
    // Zeros in place of the whole area: what is there is nobody's any more, and the instruction goes on.
    void *memory = mmap(
        (void *)start, size, PROT_READ | PROT_WRITE,
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
    uintptr_t none = 0;
    if (!__atomic_compare_exchange_n(&areas[index].start, &none, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) continue;
    __atomic_fetch_add(&areas[index].version, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&areas[index].size, size, __ATOMIC_SEQ_CST);
    __atomic_store_n(&areas[index].is_lost, false, __ATOMIC_SEQ_CST);
    __atomic_store_n(&areas[index].start, (uintptr_t)start, __ATOMIC_SEQ_CST);
    return index;
  }
  return -1;
}

void cl_forget_memory(int index) { __atomic_store_n(&areas[index].start, 0, __ATOMIC_SEQ_CST); }

bool cl_is_memory_lost(int index) { return __atomic_load_n(&areas[index].is_lost, __ATOMIC_ACQUIRE); }
