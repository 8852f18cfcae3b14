internal import CLinux
internal import Glibc
package import SystemPackage

// Connected stream sockets.
extension Descriptor {
  /// Reads at least one byte. The kernel closes descriptors that the peer sends with the bytes.
  ///
  /// The system call is `recv`.
  /// - Returns: bytes read; 0 if the peer has closed.
  /// - Throws: `EAGAIN` without `waiting` if there is no input.
  package borrowing func receive(
    into buffer: inout MutableSpan<UInt8>, waiting: Bool = true
  ) throws(Errno) -> Int {
    let flags = waiting ? 0 : CInt(MSG_DONTWAIT)
    return try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      try unsafe valueOrErrno(recv(rawValue, bytes.baseAddress, bytes.count, flags))
    }
  }

  /// Sends all bytes.
  ///
  /// The system call is `send`, repeated after a partial write.
  /// - Throws: `EPIPE` if the peer has closed, without a signal.
  package borrowing func send(_ bytes: Span<UInt8>) throws(Errno) {
    var sent = 0
    while sent < bytes.count {
      let rest = bytes.extracting(droppingFirst: sent)
      sent += try unsafe rest.withUnsafeBufferPointer { rest throws(Errno) in
        try unsafe valueOrErrno(Glibc.send(rawValue, rest.baseAddress, rest.count, CInt(MSG_NOSIGNAL)))
      }
    }
  }

  /// True if nothing can be sent any more. A Unix-domain socket tells this as soon as the peer has closed, others only after
  /// bytes were sent in vain.
  ///
  /// The system call is `send` of no bytes.
  package var isCutOff: Bool {
    Glibc.send(rawValue, nil, 0, CInt(MSG_NOSIGNAL)) < 0
  }

  /// Sends bytes with a descriptor in one message. The peer gets a duplicate of the descriptor.
  ///
  /// The system call is `sendmsg` with `SCM_RIGHTS`, `unix(7)`.
  package borrowing func send(_ bytes: Span<UInt8>, with descriptor: borrowing Descriptor) throws(Errno) {
    let passed = descriptor.rawValue
    let sent = try unsafe bytes.withUnsafeBufferPointer { bytes throws(Errno) in
      try unsafe valueOrErrno(
        kernel: cl_send_descriptor(
          rawValue, bytes.baseAddress, bytes.count, passed, CInt(MSG_NOSIGNAL)))
    }
    // The descriptor comes with the first byte; the rest may follow.
    if sent < bytes.count { try send(bytes.extracting(droppingFirst: sent)) }
  }

  /// Returns true if the peer has received all bytes. The system call is `ioctl(SIOCOUTQ)`.
  package borrowing func isAllReceived() throws(Errno) -> Bool {
    var count: CInt = 0
    _ = try unsafe valueOrErrno(kernel: cl_get_unreceived(rawValue, &count))
    return count == 0
  }

  /// Reads at least one byte, with a descriptor if one comes.
  ///
  /// The system call is `recvmsg`.
  package borrowing func receiveWithDescriptor(
    into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> (count: Int, descriptor: CInt?) {
    var descriptor: CInt = -1
    let count = try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      try unsafe valueOrErrno(
        kernel: cl_receive_descriptor(
          rawValue, bytes.baseAddress, bytes.count, &descriptor, CInt(MSG_CMSG_CLOEXEC)))
    }
    return (count, descriptor < 0 ? nil : descriptor)
  }
}
