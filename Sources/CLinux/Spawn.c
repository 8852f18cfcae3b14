#include "CLinux.h"

extern char **environ;

long cl_spawn(char *const words[]) {
  pid_t process;
  int error = posix_spawnp(&process, words[0], NULL, NULL, words, environ);
  return error == 0 ? process : -(long)error;
}
