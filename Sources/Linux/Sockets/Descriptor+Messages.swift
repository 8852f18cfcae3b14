internal import CLinux
internal import Glibc
package import SystemPackage

/// What one read from a socket found.
package struct ReceivedMessage: ~Copyable {
  /// Bytes; 0 where the peer has closed.
  package let count: Int
  /// The descriptor that came beside them.
  package var descriptor: Descriptor?
  /// Whether a descriptor came that isn't here: there were several, or this process may have no more.
  package let isCut: Bool
}

// Connected stream sockets whose peer isn't trusted with what comes beside the bytes.
extension Descriptor {
  /// Reads what has come, at least one byte, and takes over a descriptor that came beside it. Any further ones are closed.
  ///
  /// The system call is `recvmsg`, repeated where a signal ended it.
  package borrowing func receiveMessage(into buffer: inout MutableSpan<UInt8>) throws(Errno) -> ReceivedMessage {
    var descriptor: CInt = -1
    var isCut = false
    var result = -Int(EINTR)
    while result == -Int(EINTR) {
      result = unsafe buffer.withUnsafeMutableBufferPointer { bytes in
        unsafe cl_receive_message(
          rawValue, bytes.baseAddress, bytes.count, &descriptor, &isCut, CInt(MSG_CMSG_CLOEXEC))
      }
    }
    let count = try valueOrErrno(kernel: result)
    return ReceivedMessage(
      count: count, descriptor: descriptor < 0 ? nil : Descriptor(adopting: descriptor), isCut: isCut)
  }

  /// Writes these bytes, all of them, whatever signals come meanwhile.
  ///
  /// The system call is `send`, repeated while the socket takes only a part.
  /// - Throws: `EPIPE` where the peer has closed, before it could read all of them.
  package borrowing func sendAll(_ bytes: Span<UInt8>) throws(Errno) {
    var rest = bytes
    while !rest.isEmpty {
      do throws(Errno) {
        let sent = try unsafe rest.withUnsafeBufferPointer { bytes throws(Errno) in
          try unsafe valueOrErrno(Glibc.send(rawValue, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL)))
        }
        rest = rest.extracting(droppingFirst: sent)
      } catch .interrupted {
        continue
      }
    }
  }

  /// What there is to read without waiting; nothing is taken. The system call is `recv(MSG_PEEK)`.
  package borrowing func peek() throws(Errno) -> PeekedSocket {
    var byte: UInt8 = 0
    do throws(Errno) {
      let count = try unsafe valueOrErrno(recv(rawValue, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)))
      return count == 0 ? .closed : .something
    } catch .wouldBlock {
      return .nothing
    }
  }

  /// Ends what goes over the socket in both directions, for all who have it. The system call is `shutdown`.
  package borrowing func shutDown() {
    _ = shutdown(rawValue, CInt(SHUT_RDWR))
  }

  /// How long a read waits before it is `EAGAIN`; 0 for ever. The system call is `setsockopt(SO_RCVTIMEO)`.
  package borrowing func setReceiveTimeout(seconds: Int) throws(Errno) {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    _ = try unsafe valueOrErrno(
      setsockopt(rawValue, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size)))
  }
}

extension Descriptor {
  /// Waits until there is something to read, or the peer has closed. The system call is `poll`.
  ///
  /// - Parameter deadline: a moment of ``MonotonicTime``.
  /// - Returns: false where it came first.
  /// - Throws: what keeps it from waiting, but not `EINTR`.
  package borrowing func waitForInput(until deadline: UInt64) throws(Errno) -> Bool {
    while true {
      let now = MonotonicTime.now
      guard now < deadline else { return false }
      // Rounded up: a wait that ends just before the moment would be followed by many without any.
      let milliseconds = CInt(clamping: (deadline - now) / 1_000_000 + 1)
      var waited = pollfd(fd: rawValue, events: Int16(POLLIN), revents: 0)
      do throws(Errno) {
        if try unsafe valueOrErrno(poll(&waited, 1, milliseconds)) > 0 { return true }
      } catch .interrupted {
        continue
      }
    }
  }
}

/// What there is to read from a socket.
package enum PeekedSocket: Sendable {
  case nothing, something
  /// The peer has closed, or said that it sends no more.
  case closed
}
