// Counts what one thread allocates, by standing in for glibc's allocator.
#pragma once
#include <stdint.h>

// From now on the calling thread is the one that is watched.
void ac_watch_this_thread(void);
void ac_start(void);
// Allocates once, and lets go of it.
void ac_allocate(void);
// Allocations of the watched thread since the start.
uint64_t ac_stop(void);
