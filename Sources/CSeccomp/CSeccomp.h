// libseccomp, and the numbers that it spells as macros with arguments or casts.
#pragma once
#include <errno.h>
#include <seccomp.h>

static const uint32_t cs_kill_process = SCMP_ACT_KILL_PROCESS;
static const uint32_t cs_log = SCMP_ACT_LOG;
static const uint32_t cs_allow = SCMP_ACT_ALLOW;
static const uint32_t cs_no_such_call = SCMP_ACT_ERRNO(ENOSYS);
