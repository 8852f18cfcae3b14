#define _GNU_SOURCE 1
#include <sys/stat.h>

#include "CLinux.h"

long cl_get_mount(int fd, uint64_t *mount) {
  struct statx status;
  long result = cl_result(statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &status));
  if (result < 0) return result;
  *mount = status.stx_mnt_id;
  return status.stx_mask & STATX_MNT_ID ? 0 : -EOPNOTSUPP;
}
