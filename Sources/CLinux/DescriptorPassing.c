#include <sys/uio.h>

#include "CLinux.h"

// Aligned for the header of a control message.
union control {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
};

long cl_send_descriptor(int socket, const void *bytes, size_t count, int descriptor, int flags) {
  union control control = {0};
  struct iovec data = {(void *)bytes, count};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.bytes};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  return cl_result(sendmsg(socket, &message, flags));
}

long cl_receive_message(int socket, void *bytes, size_t count, int *descriptor, bool *is_cut, int flags) {
  union control control = {0};
  struct iovec data = {bytes, count};
  // Room for one descriptor without the padding behind it, where a second one would fit: the kernel closes further ones and
  // sets MSG_CTRUNC.
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_LEN(sizeof *descriptor)};
  *descriptor = -1;
  long result = cl_result(recvmsg(socket, &message, flags));
  if (result < 0) return result;
  *is_cut = (message.msg_flags & MSG_CTRUNC) != 0;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
      header->cmsg_len == CMSG_LEN(sizeof *descriptor))
    memcpy(descriptor, CMSG_DATA(header), sizeof *descriptor);
  return result;
}

long cl_receive_descriptor(int socket, void *bytes, size_t count, int *descriptor, int flags) {
  bool is_cut;
  return cl_receive_message(socket, bytes, count, descriptor, &is_cut, flags);
}

union controls {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(CL_MOST_DESCRIPTORS * sizeof(int))];
};

long cl_send_packet(int socket, const void *bytes, size_t count, const int *descriptors, unsigned passed) {
  union controls controls;
  struct iovec data = {(void *)bytes, count};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
  if (passed > CL_MOST_DESCRIPTORS) return -EINVAL;
  if (passed > 0) {
    message.msg_control = &controls;
    message.msg_controllen = CMSG_SPACE(passed * sizeof(int));
    memset(&controls, 0, message.msg_controllen);
    controls.header.cmsg_level = SOL_SOCKET;
    controls.header.cmsg_type = SCM_RIGHTS;
    controls.header.cmsg_len = CMSG_LEN(passed * sizeof(int));
    memcpy(CMSG_DATA(&controls.header), descriptors, passed * sizeof(int));
  }
  return cl_result(sendmsg(socket, &message, MSG_NOSIGNAL));
}

long cl_receive_packet(
    int socket, void *bytes, size_t count, int *descriptors, unsigned *passed, bool *is_cut, int flags) {
  union controls controls;
  struct iovec data = {bytes, count};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = &controls, .msg_controllen = sizeof controls.bytes};
  *passed = 0;
  *is_cut = false;
  long result = cl_result(recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC));
  if (result < 0) return result;
  *is_cut = (message.msg_flags & MSG_CTRUNC) != 0;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
    *passed = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(descriptors, CMSG_DATA(header), *passed * sizeof(int));
  }
  return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : result;
}
