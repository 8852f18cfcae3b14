#define _GNU_SOURCE 1
#include <sys/stat.h>

#include "CLinux.h"

long cl_get_known_file(int fd, struct cl_known_file *file) {
  struct statx status;
  long result = cl_result(statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MODE | STATX_SIZE, &status));
  if (result < 0) return result;
  file->mode = status.stx_mode;
  file->size = status.stx_size;
  // Only files of these two file systems have seals, if none is set.
  file->is_memory = fcntl(fd, CL_F_GET_SEALS) >= 0;
  file->has_device = status.stx_dev_major != 0;
  return 0;
}
