#include <stdio.h>

#include "CLinux.h"

long cl_path_of_descriptor(int fd, void *path, size_t count) {
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  return cl_result(readlink(link, path, count));
}
