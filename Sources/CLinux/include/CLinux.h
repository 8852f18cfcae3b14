// Declarations that Swift can't import: macros with arguments, variadic functions, and those that glibc hides behind
// _GNU_SOURCE.
// _GNU_SOURCE itself must not be defined here: the header's types would then differ from those Swift's Glibc module
// has imported. Constants are written out instead; Asserts.c compares each with the system's own.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/vm_sockets.h>
#include <malloc.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <syslog.h>
#include <unistd.h>

// The double-underscore names are glibc's own, visible without _GNU_SOURCE and right for each architecture.
static const int32_t cl_o_path = __O_PATH;
static const int32_t cl_o_tmpfile = __O_TMPFILE;
static const int32_t cl_o_direct = __O_DIRECT;
static const int32_t cl_o_noatime = __O_NOATIME;

#define CL_CLONE_FS 0x00000200
#define CL_CLONE_NEWNS 0x00020000
#define CL_CLONE_NEWUTS 0x04000000
#define CL_CLONE_NEWIPC 0x08000000
#define CL_CLONE_NEWUSER 0x10000000
#define CL_CLONE_NEWPID 0x20000000
#define CL_CLONE_NEWNET 0x40000000

#define CL_FS_IOC_GETVERSION 0x80087601
#define CL_SIOCOUTQ 0x5411
#define CL_OPEN_TREE_CLONE 1
#define CL_FSOPEN_CLOEXEC 1
#define CL_FSMOUNT_CLOEXEC 1
#define CL_FSCONFIG_SET_STRING 1
#define CL_FSCONFIG_CMD_CREATE 6
#define CL_AT_RECURSIVE 0x8000
#define CL_AT_EMPTY_PATH 0x1000
#define CL_MOVE_MOUNT_F_EMPTY_PATH 4
#define CL_UMOUNT_NOFOLLOW 8

#define CL_FUTEX_WAIT_PRIVATE 128
#define CL_FUTEX_WAKE_PRIVATE 129
#define CL_RWF_NOWAIT 8

#define CL_SECBIT_NOROOT 0x01
#define CL_SECBIT_NO_SETUID_FIXUP 0x04
#define CL_SECBIT_KEEP_CAPS 0x10
#define CL_SECBIT_NO_CAP_AMBIENT_RAISE 0x40
#define CL_SECURE_ALL_LOCKS 0xaa

extern int unshare(int flags);
extern int setns(int fd, int kind);
extern int accept4(int socket, struct sockaddr *address, socklen_t *size, int flags);

// The result of a call that reports through errno, as the kernel gives it: a value, or a negative errno.
static inline long cl_result(long result) { return result < 0 ? -(long)errno : result; }

static inline long cl_openat2(int directory, const char *path, const struct open_how *how) {
  return cl_result(syscall(SYS_openat2, directory, path, how, sizeof *how));
}
static inline long cl_getdents(int fd, void *bytes, size_t count) {
  return cl_result(syscall(SYS_getdents64, fd, bytes, count));
}

// Grows the heap by this many bytes and keeps it that large.
void cl_reserve_heap(int bytes);

// A futex: a number that threads wait on until it changes.
static inline uint32_t cl_load(const uint32_t *number) { return __atomic_load_n(number, __ATOMIC_ACQUIRE); }
static inline long cl_wait_while(uint32_t *number, uint32_t value) {
  return cl_result(syscall(SYS_futex, number, CL_FUTEX_WAIT_PRIVATE, value, NULL));
}
static inline long cl_change_and_wake(uint32_t *number, int32_t most) {
  __atomic_add_fetch(number, 1, __ATOMIC_RELEASE);
  return cl_result(syscall(SYS_futex, number, CL_FUTEX_WAKE_PRIVATE, most));
}

// glibc declares preadv2 with _GNU_SOURCE only. On 64-bit machines the kernel takes the whole offset from its first half.
static inline long cl_read_at_once(int fd, void *bytes, size_t count, off_t offset) {
  struct iovec whole = {.iov_base = bytes, .iov_len = count};
  return cl_result(syscall(SYS_preadv2, fd, &whole, 1, offset, 0, CL_RWF_NOWAIT));
}

// The credentials of a Unix-domain socket's peer. glibc hides `struct ucred`, which has this layout.
struct cl_credentials {
  pid_t process;
  uid_t uid;
  gid_t gid;
};
static inline long cl_get_peer(int socket, struct cl_credentials *peer) {
  socklen_t size = sizeof *peer;
  return cl_result(getsockopt(socket, SOL_SOCKET, SO_PEERCRED, peer, &size));
}

// The peer's supplementary groups. `*size` is in bytes: the room on entry, the size of the groups on return, also if that
// exceeds the room (ERANGE).
#define CL_SO_PEERGROUPS 59
static inline long cl_get_peer_groups(int socket, uint32_t *groups, socklen_t *size) {
  return cl_result(getsockopt(socket, SOL_SOCKET, CL_SO_PEERGROUPS, groups, size));
}

// Swift imports `statfs` as the structure only.
static inline long cl_fstatfs(int fd, struct statfs *status) { return cl_result(fstatfs(fd, status)); }
static inline long cl_statfs(const char *path, struct statfs *status) { return cl_result(statfs(path, status)); }

// Reads the link `/proc/self/fd/FD`, up to `count` bytes.
long cl_path_of_descriptor(int fd, void *path, size_t count);

static inline long cl_fork(void) { return cl_result(fork()); }
// Starts a program found in PATH, with the same environment. Returns the process id.
long cl_spawn(char *const words[]);
// The same, with `output` as standard output, and /dev/null as the others.
long cl_spawn_with_output(char *const words[], int output);
// Starts a program by its path, the first of the words, with a descriptor of this number, above the standard streams', and
// standard error. It gets a process group of its own: a terminal's signals are for this process.
long cl_spawn_with_descriptor(char *const words[], int descriptor, int number);

// Children by descriptor (pidfd): after a wait another process may get the number.
static inline long cl_open_process(int process) { return cl_result(syscall(SYS_pidfd_open, process, 0)); }
static inline long cl_signal_process(int fd, int signal) {
  return cl_result(syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0));
}
// Returns 1 if the child has ended, with its exit status in `*status`, or 128 plus the signal; 0 if it still runs.
long cl_wait_process(int fd, int *status);

// The calling thread's ids alone. glibc's setres*id signal every thread of the process.
static inline long cl_setresuid(uint32_t uid) { return cl_result(syscall(SYS_setresuid, uid, uid, uid)); }
static inline long cl_setresgid(uint32_t gid) { return cl_result(syscall(SYS_setresgid, gid, gid, gid)); }

static inline long cl_setgroups(size_t count, const uint32_t *groups) {
  return cl_result(syscall(SYS_setgroups, count, groups));
}

static inline long cl_duplicate(int fd, int least) { return cl_result(fcntl(fd, F_DUPFD_CLOEXEC, least)); }
static inline long cl_get_status_flags(int fd) { return cl_result(fcntl(fd, F_GETFL)); }
#define CL_F_GET_SEALS 1034
static inline long cl_set_status_flags(int fd, int flags) { return cl_result(fcntl(fd, F_SETFL, flags)); }

// The ioctl stores an int, although its number encodes the size of a long.
static inline long cl_get_generation(int fd, uint32_t *generation) {
  return cl_result(syscall(SYS_ioctl, fd, CL_FS_IOC_GETVERSION, generation));
}

static inline long cl_get_unreceived(int fd, int *count) { return cl_result(syscall(SYS_ioctl, fd, CL_SIOCOUTQ, count)); }

// glibc's setfsuid is the bare system call; it returns the previous id and no error.
static inline uint32_t cl_setfsuid(uint32_t uid) { return (uint32_t)syscall(SYS_setfsuid, uid); }
static inline uint32_t cl_setfsgid(uint32_t gid) { return (uint32_t)syscall(SYS_setfsgid, gid); }

// The capability sets of the calling thread, as masks. glibc has no wrapper.
struct cl_capabilities {
  uint64_t effective, permitted, inheritable;
};
long cl_get_capabilities(struct cl_capabilities *capabilities);
long cl_set_capabilities(const struct cl_capabilities *capabilities);

// The new mount calls; glibc has them since 2.36, musl not yet.
static inline long cl_open_tree(int directory, const char *path, unsigned flags) {
  return cl_result(syscall(SYS_open_tree, directory, path, flags));
}
static inline long cl_fsopen(const char *kind, unsigned flags) {
  return cl_result(syscall(SYS_fsopen, kind, flags));
}
static inline long cl_fsconfig(int context, unsigned command, const char *key, const void *value) {
  return cl_result(syscall(SYS_fsconfig, context, command, key, value, 0));
}
static inline long cl_fsmount(int context, unsigned flags, unsigned attributes) {
  return cl_result(syscall(SYS_fsmount, context, flags, attributes));
}
static inline long cl_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags) {
  return cl_result(syscall(SYS_move_mount, from, from_path, to, to_path, flags));
}
static inline long cl_mount_setattr(int directory, const char *path, unsigned flags, const struct mount_attr *attributes) {
  return cl_result(syscall(SYS_mount_setattr, directory, path, flags, attributes, sizeof *attributes));
}
static inline long cl_pivot_root(const char *root, const char *old) {
  return cl_result(syscall(SYS_pivot_root, root, old));
}
// prctl is variadic.
static inline long cl_prctl(int option, unsigned long first, unsigned long second) {
  return cl_result(syscall(SYS_prctl, option, first, second, 0UL, 0UL));
}
static inline long cl_close_range(unsigned first, unsigned last) {
  return cl_result(syscall(SYS_close_range, first, last, 0));
}
// Sends a message with a descriptor (SCM_RIGHTS). `flags` are for sendmsg, below for recvmsg.
long cl_send_descriptor(int socket, const void *bytes, size_t count, int descriptor, int flags);
// Receives a message. `*descriptor` is the descriptor that came with it, or -1. Further ones are closed.
long cl_receive_descriptor(int socket, void *bytes, size_t count, int *descriptor, int flags);
// The same. `*is_cut` is true if further descriptors came, or the process has no room for the first.
long cl_receive_message(int socket, void *bytes, size_t count, int *descriptor, bool *is_cut, int flags);

// The most descriptors of a packet; the kernel's limit is 253.
#define CL_MOST_DESCRIPTORS 64
// Sends a packet with this many descriptors.
long cl_send_packet(int socket, const void *bytes, size_t count, const int *descriptors, unsigned passed);
// Receives a packet, or EMSGSIZE if it is too large. `descriptors` has room for CL_MOST_DESCRIPTORS. Further ones, and those
// that the process has no room for, are closed; `*is_cut` is true then.
long cl_receive_packet(
    int socket, void *bytes, size_t count, int *descriptors, unsigned *passed, bool *is_cut, int flags);

// Reads the id of the mount that a descriptor was opened through.
long cl_get_mount(int fd, uint64_t *mount);

// Has SIGTERM and SIGINT shut this socket down in both directions, so that a thread that waits on it sees its end. Unlike a
// flag this can't be missed between a check and a blocking call. -1 is no socket.
void cl_end_on_termination(int socket);
int cl_termination_signal(void);

extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int first);

// getopt's results are C globals, which Swift 6 won't touch.
static inline int cl_optind(void) { return optind; }
static inline int cl_optopt(void) { return optopt; }
static inline const char *cl_optarg(void) { return optarg; }
// 0 makes glibc's getopt start over.
static inline void cl_reset_getopt(void) {
  optind = 0;
  opterr = 0;
}

// Memory shared with another process, of which any byte may change at any time: each is loaded once, by one of these.
static inline uint16_t cl_load16(const void *place) { return __atomic_load_n((const uint16_t *)place, __ATOMIC_RELAXED); }
static inline uint16_t cl_load16_acquire(const void *place) {
  return __atomic_load_n((const uint16_t *)place, __ATOMIC_ACQUIRE);
}
static inline uint32_t cl_load32(const void *place) { return __atomic_load_n((const uint32_t *)place, __ATOMIC_RELAXED); }
static inline uint64_t cl_load64(const void *place) { return __atomic_load_n((const uint64_t *)place, __ATOMIC_RELAXED); }
static inline void cl_store16(void *place, uint16_t value) {
  __atomic_store_n((uint16_t *)place, value, __ATOMIC_RELAXED);
}
static inline void cl_store16_release(void *place, uint16_t value) {
  __atomic_store_n((uint16_t *)place, value, __ATOMIC_RELEASE);
}
static inline void cl_store32(void *place, uint32_t value) {
  __atomic_store_n((uint32_t *)place, value, __ATOMIC_RELAXED);
}
// No load moves before an earlier store.
static inline void cl_full_fence(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

// The most areas that can be watched at a time.
#define CL_MOST_SHARED_AREAS 4096
// From now on SIGBUS within a watched area replaces the area by zeros, and is otherwise what it always is.
void cl_survive_lost_memory(void);
// Watches an area: its number, or -1 where there are as many as there can be.
int cl_watch_memory(void *start, size_t size);
void cl_forget_memory(int index);
// Whether an area has been replaced.
bool cl_is_memory_lost(int index);

// What the kernel knows of a file by itself: a file system in another process, or on another machine, isn't asked.
struct cl_known_file {
  uint32_t mode;
  uint64_t size;
  // It is of tmpfs or hugetlbfs, as memfds are.
  bool is_memory;
  // Its file system has a block device.
  bool has_device;
};
long cl_get_known_file(int fd, struct cl_known_file *file);

#define CL_EFD_NONBLOCK 0x800
#define CL_EFD_CLOEXEC 0x80000
static inline long cl_eventfd(unsigned count) {
  return cl_result(syscall(SYS_eventfd2, count, CL_EFD_NONBLOCK | CL_EFD_CLOEXEC));
}
