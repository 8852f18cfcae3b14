#define _GNU_SOURCE 1
#include "CRawCalls.h"

#include <unistd.h>

long rc_call(long number, long first, long second, long third, long fourth, long fifth) {
  return syscall(number, first, second, third, fourth, fifth, 0L);
}
