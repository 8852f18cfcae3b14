#include "CLinux.h"

long cl_get_capabilities(struct cl_capabilities *capabilities) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  long result = cl_result(syscall(SYS_capget, &header, data));
  if (result < 0) return result;
  capabilities->effective = data[0].effective | (uint64_t)data[1].effective << 32;
  capabilities->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
  capabilities->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
  return 0;
}

long cl_set_capabilities(const struct cl_capabilities *capabilities) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {
      {(uint32_t)capabilities->effective, (uint32_t)capabilities->permitted, (uint32_t)capabilities->inheritable},
      {(uint32_t)(capabilities->effective >> 32), (uint32_t)(capabilities->permitted >> 32),
       (uint32_t)(capabilities->inheritable >> 32)},
  };
  return cl_result(syscall(SYS_capset, &header, data));
}
