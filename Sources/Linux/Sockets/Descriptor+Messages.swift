internal import CLinux
internal import Glibc
package import SystemPackage

// Connected stream sockets whose peer may send descriptors that aren't wanted.
extension Descriptor {
  /// Reads at least one byte, with a descriptor if one comes. Further descriptors are closed.
  ///
  /// The system call is `recvmsg`, repeated after a signal.
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

  /// Sends all bytes, regardless of signals.
  ///
  /// The system call is `send`, repeated after a partial write and after a signal.
  /// - Throws: `EPIPE` if the peer closes before all bytes are sent.
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

  /// Checks for input without reading it or waiting. The system call is `recv(MSG_PEEK | MSG_DONTWAIT)`.
  package borrowing func peek() throws(Errno) -> PeekedSocket {
    var byte: UInt8 = 0
    do throws(Errno) {
      let count = try unsafe valueOrErrno(recv(rawValue, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)))
      return count == 0 ? .closed : .something
    } catch .wouldBlock {
      return .nothing
    }
  }

  /// Shuts the socket down in both directions, for all its descriptors. The system call is `shutdown`.
  package borrowing func shutDown() {
    _ = shutdown(rawValue, CInt(SHUT_RDWR))
  }

  /// Sets the time after which a read fails with `EAGAIN`; 0 is no limit. The system call is `setsockopt(SO_RCVTIMEO)`.
  package borrowing func setReceiveTimeout(seconds: Int) throws(Errno) {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    _ = try unsafe valueOrErrno(
      setsockopt(rawValue, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size)))
  }
}

extension Descriptor {
  /// Waits for input, or until the peer closes. The system call is `poll`.
  ///
  /// - Parameter deadline: a moment of ``MonotonicTime``.
  /// - Returns: false if the deadline comes first.
  /// - Throws: an error other than `EINTR`.
  package borrowing func waitForInput(until deadline: UInt64) throws(Errno) -> Bool {
    while true {
      let now = MonotonicTime.now
      guard now < deadline else { return false }
      // Rounded up: a wait that ends just before the deadline would be followed by many of 0 ms.
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
