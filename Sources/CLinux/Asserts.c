// Compares every constant in CLinux.h with the system's own.
#define _GNU_SOURCE 1
#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/mount.h>
#include <linux/securebits.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "CLinux.h"

_Static_assert(CL_SECBIT_NOROOT == SECBIT_NOROOT, "SECBIT_NOROOT");
_Static_assert(CL_SECBIT_NO_SETUID_FIXUP == SECBIT_NO_SETUID_FIXUP, "SECBIT_NO_SETUID_FIXUP");
_Static_assert(CL_SECBIT_KEEP_CAPS == SECBIT_KEEP_CAPS, "SECBIT_KEEP_CAPS");
_Static_assert(CL_SO_PEERGROUPS == SO_PEERGROUPS, "SO_PEERGROUPS");
_Static_assert(CL_SECBIT_NO_CAP_AMBIENT_RAISE == SECBIT_NO_CAP_AMBIENT_RAISE, "SECBIT_NO_CAP_AMBIENT_RAISE");
_Static_assert(CL_SECURE_ALL_LOCKS == SECURE_ALL_LOCKS, "SECURE_ALL_LOCKS");
_Static_assert(CL_CLONE_FS == CLONE_FS, "CLONE_FS");
_Static_assert(CL_CLONE_NEWNS == CLONE_NEWNS, "CLONE_NEWNS");
_Static_assert(CL_CLONE_NEWUTS == CLONE_NEWUTS, "CLONE_NEWUTS");
_Static_assert(CL_CLONE_NEWIPC == CLONE_NEWIPC, "CLONE_NEWIPC");
_Static_assert(CL_CLONE_NEWUSER == CLONE_NEWUSER, "CLONE_NEWUSER");
_Static_assert(CL_CLONE_NEWPID == CLONE_NEWPID, "CLONE_NEWPID");
_Static_assert(CL_CLONE_NEWNET == CLONE_NEWNET, "CLONE_NEWNET");
_Static_assert(CL_FUTEX_WAIT_PRIVATE == FUTEX_WAIT_PRIVATE, "FUTEX_WAIT_PRIVATE");
_Static_assert(CL_FUTEX_WAKE_PRIVATE == FUTEX_WAKE_PRIVATE, "FUTEX_WAKE_PRIVATE");
_Static_assert(CL_F_GET_SEALS == F_GET_SEALS, "F_GET_SEALS");
_Static_assert(CL_RWF_NOWAIT == RWF_NOWAIT, "RWF_NOWAIT");
_Static_assert(CL_FS_IOC_GETVERSION == FS_IOC_GETVERSION, "FS_IOC_GETVERSION");
_Static_assert(CL_SIOCOUTQ == SIOCOUTQ, "SIOCOUTQ");
_Static_assert(CL_OPEN_TREE_CLONE == OPEN_TREE_CLONE, "OPEN_TREE_CLONE");
_Static_assert(CL_FSOPEN_CLOEXEC == FSOPEN_CLOEXEC, "FSOPEN_CLOEXEC");
_Static_assert(CL_FSMOUNT_CLOEXEC == FSMOUNT_CLOEXEC, "FSMOUNT_CLOEXEC");
_Static_assert(CL_FSCONFIG_SET_STRING == FSCONFIG_SET_STRING, "FSCONFIG_SET_STRING");
_Static_assert(CL_FSCONFIG_CMD_CREATE == FSCONFIG_CMD_CREATE, "FSCONFIG_CMD_CREATE");
_Static_assert(CL_AT_RECURSIVE == AT_RECURSIVE, "AT_RECURSIVE");
_Static_assert(CL_MOVE_MOUNT_F_EMPTY_PATH == MOVE_MOUNT_F_EMPTY_PATH, "MOVE_MOUNT_F_EMPTY_PATH");
_Static_assert(CL_AT_EMPTY_PATH == AT_EMPTY_PATH, "AT_EMPTY_PATH");
_Static_assert(CL_UMOUNT_NOFOLLOW == UMOUNT_NOFOLLOW, "UMOUNT_NOFOLLOW");
_Static_assert(sizeof(struct cl_credentials) == sizeof(struct ucred), "struct ucred");
_Static_assert(offsetof(struct cl_credentials, uid) == offsetof(struct ucred, uid), "struct ucred.uid");
