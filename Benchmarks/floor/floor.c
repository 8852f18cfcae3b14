// The floor: what a request costs that is one recv, the bare system call and one send. No helper can be much faster
// without waiting in another way; so there is a second floor, which looks for the next request for some microseconds
// before it sleeps until one comes. Both trust their peer, change no identity, and know only the benchmark's frames,
// which come whole and short. Replies have the protocol's sizes; what they hold beyond the header is of no interest.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum type {
  OPEN = 2,
  CREATE,
  MKNOD,
  MKDIR,
  SYMLINK,
  LINK,
  LSTAT,
  READLINK,
  STATFS,
  CHMOD,
  CHOWN,
  TRUNCATE,
  UTIME,
  RENAME,
  REMOVE,
  LGETXATTR,
  LLISTXATTR,
  LSETXATTR,
  LREMOVEXATTR,
  GETVERSION,
};

enum { HEADER = 8, LSTAT_SIZE = 116, STATFS_SIZE = 88, VERSION_SIZE = 8, BUFFER = 8192 };

static char request[BUFFER], reply[BUFFER], first[BUFFER], second[BUFFER];
static const char *field;

static uint32_t u32(void) {
  uint32_t value;
  memcpy(&value, field, sizeof value);
  field += sizeof value;
  return value;
}

static uint64_t u64(void) {
  uint64_t value;
  memcpy(&value, field, sizeof value);
  field += sizeof value;
  return value;
}

static size_t bytes(char *buffer) {
  uint16_t count;
  memcpy(&count, field, sizeof count);
  memcpy(buffer, field + sizeof count, count);
  buffer[count] = 0;
  field += sizeof count + count;
  return count;
}

// A path relative to the working directory, which is the share.
static const char *path(char *buffer) {
  bytes(buffer);
  while (*buffer == '/') buffer++;
  return *buffer ? buffer : ".";
}

// A reply of `size` bytes that stand behind its header already, or the failure that errno says.
static size_t answer(long result, uint32_t size) {
  uint32_t header[2] = {0, size};
  if (result < 0) {
    int32_t status = -errno;
    header[0] = 1;
    header[1] = sizeof status;
    memcpy(reply + HEADER, &status, sizeof status);
  }
  memcpy(reply, header, sizeof header);
  return HEADER + header[1];
}

static size_t status(long result) {
  memset(reply + HEADER, 0, sizeof(uint32_t));
  return answer(result, sizeof(uint32_t));
}

// A value that stands behind the place of its length, or that length alone.
static size_t value(long count, uint32_t room) {
  if (room == 0) {
    int32_t length = (int32_t)count;
    memcpy(reply + HEADER, &length, sizeof length);
    return answer(count, sizeof length);
  }
  uint16_t length = (uint16_t)count;
  memcpy(reply + HEADER, &length, sizeof length);
  return answer(count, (uint32_t)sizeof length + (count < 0 ? 0 : (uint32_t)count));
}

static void send_descriptor(int socket, int descriptor) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {0};
  int32_t word = descriptor < 0 ? -errno : 0x7fffffff;
  struct iovec data = {&word, sizeof word};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
  if (descriptor >= 0) {
    message.msg_control = &control;
    message.msg_controllen = sizeof control.bytes;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0) exit(EXIT_FAILURE);
  if (descriptor >= 0) close(descriptor);
}

static size_t look(enum type type) {
  char *behind_length = reply + HEADER + sizeof(uint16_t);
  switch (type) {
  case LSTAT: {
    struct stat found;
    long result = lstat(path(first), &found);
    memcpy(reply + HEADER, &found, LSTAT_SIZE);
    return answer(result, LSTAT_SIZE);
  }
  case STATFS: {
    struct statfs found;
    long result = statfs(path(first), &found);
    memcpy(reply + HEADER, &found, STATFS_SIZE);
    return answer(result, STATFS_SIZE);
  }
  case READLINK: {
    const char *link = path(first);
    uint32_t room = u32() - 1;
    return value(readlink(link, behind_length, room), room);
  }
  case LGETXATTR: {
    uint32_t room = u32();
    const char *file = path(first);
    bytes(second);
    return value(lgetxattr(file, second, behind_length, room), room);
  }
  case LLISTXATTR: {
    uint32_t room = u32();
    return value(llistxattr(path(first), behind_length, room), room);
  }
  default:
    // GETVERSION: tmpfs has none, so nobody needs to ask. What is left is the bare round trip.
    memset(reply + HEADER, 0, VERSION_SIZE);
    return answer(0, VERSION_SIZE);
  }
}

static long make(enum type type) {
  // The identity, which stays as it is.
  u32(), u32();
  const char *file = path(first);
  if (type == SYMLINK) return symlink(first, path(second));
  uint32_t mode = u32();
  return type == MKDIR ? mkdir(file, mode) : mknod(file, mode, u64());
}

static long change(enum type type) {
  const char *file = path(first);
  switch (type) {
  case LINK: return link(file, path(second));
  case RENAME: return rename(file, path(second));
  case REMOVE: return remove(file);
  case CHMOD: return chmod(file, u32());
  case CHOWN: {
    uint32_t uid = u32();
    return lchown(file, uid, u32());
  }
  case TRUNCATE: return truncate(file, (off_t)u64());
  case UTIME: {
    struct timespec times[2];
    memcpy(times, field, sizeof times);
    return utimensat(AT_FDCWD, file, times, AT_SYMLINK_NOFOLLOW);
  }
  case LSETXATTR: {
    static char attribute[BUFFER];
    bytes(second);
    size_t count = bytes(attribute);
    return lsetxattr(file, second, attribute, count, 0);
  }
  case LREMOVEXATTR: bytes(second); return lremovexattr(file, second);
  default: errno = ENOSYS; return -1;
  }
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

// Waits for a request, the first `nanoseconds` awake.
static ssize_t receive(int socket, int64_t nanoseconds) {
  if (nanoseconds > 0) {
    int64_t end = now() + nanoseconds;
    do {
      // To whoever has to send it, where both share a processor.
      sched_yield();
      ssize_t count = recv(socket, request, sizeof request, MSG_DONTWAIT);
      if (count >= 0 || errno != EAGAIN) return count;
    } while (now() < end);
  }
  return recv(socket, request, sizeof request, 0);
}

int main(int count, char **arguments) {
  if (count < 3 || count > 4 || chdir(arguments[2]) < 0) {
    fputs("usage: floor SOCKET-DESCRIPTOR DIRECTORY [MICROSECONDS-TO-POLL]\n", stderr);
    return EXIT_FAILURE;
  }
  int socket = atoi(arguments[1]);
  int64_t awake = count == 4 ? atoll(arguments[3]) * 1000 : 0;
  umask(0);
  while (receive(socket, awake) > HEADER) {
    field = request;
    enum type type = u32();
    field = request + HEADER;
    size_t size;
    switch (type) {
    case OPEN:
    case CREATE: {
      const char *file = path(first);
      uint32_t flags = u32();
      send_descriptor(socket, open(file, (int)flags, type == CREATE ? u32() : 0));
      continue;
    }
    case MKNOD:
    case MKDIR:
    case SYMLINK: size = status(make(type)); break;
    case LSTAT:
    case READLINK:
    case STATFS:
    case LGETXATTR:
    case LLISTXATTR:
    case GETVERSION: size = look(type); break;
    default: size = status(change(type));
    }
    if (send(socket, reply, size, MSG_NOSIGNAL) < 0) return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
