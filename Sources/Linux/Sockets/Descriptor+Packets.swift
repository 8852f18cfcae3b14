internal import CLinux
internal import Glibc
package import SystemPackage

extension Descriptor {
  /// Sends one packet. The system call is `sendmsg`.
  ///
  /// - Throws: `EPIPE` if the peer has closed, without a signal.
  package borrowing func sendPacket(_ bytes: Span<UInt8>, with passed: PassedDescriptors) throws(Errno) {
    let descriptors = passed.span
    try unsafe bytes.withUnsafeBufferPointer { bytes throws(Errno) in
      try unsafe descriptors.withUnsafeBufferPointer { descriptors throws(Errno) in
        _ = try unsafe valueOrErrno(
          kernel: cl_send_packet(
            rawValue, bytes.baseAddress, bytes.count, descriptors.baseAddress, CUnsignedInt(descriptors.count)))
      }
    }
  }

  /// Receives one packet.
  ///
  /// The system call is `recvmsg`.
  /// - Returns: the number of bytes; 0 if the peer has closed.
  /// - Throws: `EMSGSIZE` if the packet is larger than the buffer, or too many earlier descriptors are left; `EAGAIN` without
  ///   `waiting` if there is no packet.
  package borrowing func receivePacket(
    into buffer: inout MutableSpan<UInt8>, descriptors: inout ReceivedDescriptors, waiting: Bool = true
  ) throws(Errno) -> Int {
    try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      try unsafe descriptors.receive { numbers, passed, isCut throws(Errno) in
        try unsafe valueOrErrno(
          kernel: cl_receive_packet(
            rawValue, bytes.baseAddress, bytes.count, numbers, &passed, &isCut, waiting ? 0 : CInt(MSG_DONTWAIT)))
      }
    }
  }
}
