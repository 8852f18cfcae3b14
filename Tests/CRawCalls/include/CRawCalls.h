// A system call by its number, which Swift can't make: syscall(2) is variadic.
#pragma once
long rc_call(long number, long first, long second, long third, long fourth, long fifth);
