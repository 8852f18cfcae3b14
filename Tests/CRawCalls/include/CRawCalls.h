// A system call by its number, which Swift can't make: syscall(2) is variadic.
#pragma once
long rc_call(long number, long first, long second, long third, long fourth, long fifth);

// Tries as user and group `id`, without other groups, to signal, limit, trace or otherwise touch these threads, of which
// each is given with its process. `results` gets for each attempt EPERM where it is refused for all of them, or what else
// came of the first one for which it isn't: 0 where it succeeds, or an errno; -1 where nothing could be tried.
int rc_attempt_count(void);
const char *rc_attempt_name(int number);
int rc_attempt_as(unsigned id, const int *processes, const int *threads, int targets, int *results);
