#include <sys/wait.h>

#include "CLinux.h"

extern char **environ;

long cl_spawn(char *const words[]) {
  pid_t process;
  int error = posix_spawnp(&process, words[0], NULL, NULL, words, environ);
  return error == 0 ? process : -(long)error;
}

long cl_spawn_with_output(char *const words[], int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  pid_t process;
  int error = posix_spawnp(&process, words[0], &actions, NULL, words, environ);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? process : -(long)error;
}

long cl_spawn_with_descriptor(char *const words[], int descriptor, int number) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  // If the descriptor has this number already, dup2 only clears its close-on-exec flag.
  posix_spawn_file_actions_adddup2(&actions, descriptor, number);
  // The program prints a log, while this process's standard output may be read by a program.
  bool has_log = fcntl(STDERR_FILENO, F_GETFD) >= 0;
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, has_log ? STDERR_FILENO : STDIN_FILENO, STDOUT_FILENO);
  if (!has_log) posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, number + 1);
  // Default signals, as from a shell, whatever this process ignores or blocks.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  pid_t process;
  int error = posix_spawn(&process, words[0], &actions, &attributes, words, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? process : -(long)error;
}

long cl_wait_process(int fd, int *status) {
  // P_PIDFD, which glibc names since 2.36 only.
  siginfo_t end = {0};
  long result = cl_result(waitid((idtype_t)3, (id_t)fd, &end, WEXITED | WNOHANG));
  if (result < 0 || end.si_pid == 0) return result;
  *status = end.si_code == CLD_EXITED ? end.si_status : 128 + end.si_status;
  return 1;
}
