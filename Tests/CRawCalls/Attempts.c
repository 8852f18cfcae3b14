// What a user of the host may try on another's process.
#define _GNU_SOURCE 1
#include "CRawCalls.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static long limit(pid_t thread, int resource) {
  struct rlimit none = {0, 0};
  return syscall(SYS_prlimit64, thread, resource, &none, NULL);
}

static long on_descriptor(pid_t process, int take) {
  long handle = syscall(SYS_pidfd_open, process, 0);
  if (handle < 0) return -1;
  long result = take ? syscall(SYS_pidfd_getfd, handle, 0, 0) : syscall(SYS_pidfd_send_signal, handle, 0, NULL, 0);
  int error = errno;
  close((int)handle);
  errno = error;
  return result;
}

static long read_memory(pid_t thread) {
  char byte;
  struct iovec here = {&byte, 1}, there = {(void *)&errno, 1};
  return syscall(SYS_process_vm_readv, thread, &here, 1UL, &there, 1UL, 0UL);
}

static const char *const names[] = {
    "kill 0", "tgkill 0", "pidfd_send_signal 0", "pidfd_getfd", "prlimit NOFILE", "prlimit FSIZE", "setpriority",
    "sched_setaffinity", "sched_setscheduler", "ioprio_set", "kcmp", "process_vm_readv", "PTRACE_SEIZE",
    "PTRACE_ATTACH", "kill SIGSTOP", "kill SIGCONT", "tgkill SIGSTOP", "tgkill SIGCONT", "kill SIGTERM",
    "tgkill SIGTERM",
};
enum { count = sizeof names / sizeof *names };

static long attempt(int number, pid_t process, pid_t thread) {
  struct sched_param priority = {0};
  cpu_set_t processors;
  switch (number) {
    case 0: return kill(process, 0);
    case 1: return syscall(SYS_tgkill, process, thread, 0);
    case 2: return on_descriptor(process, 0);
    case 3: return on_descriptor(process, 1);
    case 4: return limit(thread, RLIMIT_NOFILE);
    case 5: return limit(thread, RLIMIT_FSIZE);
    case 6: return setpriority(PRIO_PROCESS, thread, 19);
    case 7:
      sched_getaffinity(0, sizeof processors, &processors);
      return sched_setaffinity(thread, sizeof processors, &processors);
    case 8: return syscall(SYS_sched_setscheduler, thread, SCHED_IDLE, &priority);
    case 9: return syscall(SYS_ioprio_set, 1, thread, 3 << 13);
    case 10: return syscall(SYS_kcmp, thread, getpid(), KCMP_VM, 0, 0);
    case 11: return read_memory(thread);
    case 12: return ptrace(PTRACE_SEIZE, thread, NULL, NULL);
    case 13: return ptrace(PTRACE_ATTACH, thread, NULL, NULL);
    case 14: return kill(process, SIGSTOP);
    case 15: return kill(process, SIGCONT);
    case 16: return syscall(SYS_tgkill, process, thread, SIGSTOP);
    case 17: return syscall(SYS_tgkill, process, thread, SIGCONT);
    case 18: return kill(process, SIGTERM);
    default: return syscall(SYS_tgkill, process, thread, SIGTERM);
  }
}

int rc_attempt_count(void) { return count; }
const char *rc_attempt_name(int number) { return names[number]; }

// In a session of its own: within one SIGCONT is allowed.
static void try_all(unsigned id, const int *processes, const int *threads, int targets, int *results) {
  if (setsid() < 0 || syscall(SYS_setgroups, 0, NULL) != 0 || syscall(SYS_setresgid, id, id, id) != 0 ||
      syscall(SYS_setresuid, id, id, id) != 0)
    return;
  for (int number = 0; number < count; number++) {
    results[number] = EPERM;
    for (int target = 0; target < targets && results[number] == EPERM; target++) {
      long result = attempt(number, processes[target], threads[target]);
      // A thread may have ended meanwhile.
      if (result >= 0 || errno != ESRCH) results[number] = result < 0 ? errno : 0;
    }
  }
}

int rc_attempt_as(unsigned id, const int *processes, const int *threads, int targets, int *results) {
  size_t size = count * sizeof *results;
  int *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return -1;
  for (int number = 0; number < count; number++) shared[number] = -1;
  pid_t child = fork();
  if (child == 0) {
    try_all(id, processes, threads, targets, shared);
    _exit(0);
  }
  if (child > 0)
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
  for (int number = 0; number < count; number++) results[number] = shared[number];
  munmap(shared, size);
  return child > 0 ? 0 : -1;
}
