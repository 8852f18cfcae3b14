internal import CLinux
internal import Glibc
package import SystemPackage

/// An eventfd: one process or thread wakes another by it.
package struct EventDescriptor: ~Copyable, Sendable {
  package let descriptor: Descriptor

  /// Makes one. The system call is `eventfd2`.
  package init() throws(Errno) {
    descriptor = Descriptor(adopting: CInt(try valueOrErrno(kernel: cl_eventfd(0))))
  }

  /// Takes over one that another process has sent.
  ///
  /// - Throws: `EINVAL` when it is another kind of file, which might block whoever uses it.
  package init(received descriptor: consuming Descriptor) throws(Errno) {
    guard try descriptor.knownFile().hasNoType else { throw .invalidArgument }
    let flags = try valueOrErrno(kernel: cl_get_status_flags(descriptor.rawValue))
    if flags & Int(O_NONBLOCK) == 0 {
      _ = try valueOrErrno(kernel: cl_set_status_flags(descriptor.rawValue, CInt(flags) | O_NONBLOCK))
    }
    // It can be read without waiting, 8 bytes at a time, and 0 can be added to it. No other kind has both.
    var (part, zero) = (UInt32(0), UInt64(0))
    guard unsafe cl_read_at_once(descriptor.rawValue, &part, 4, -1) == -Int(EINVAL),
      unsafe write(descriptor.rawValue, &zero, 8) == 8
    else { throw .invalidArgument }
    self.descriptor = descriptor
  }

  /// Wakes whoever waits. The system call is `write`.
  ///
  /// Another process that has it may make this wait until ``clear()``: it can fill it, and change its flags.
  package borrowing func signal() {
    var one: UInt64 = 1
    // Full, it wakes as well.
    _ = unsafe write(descriptor.rawValue, &one, 8)
  }

  /// Takes what has been signalled, without waiting for it, whatever its flags are. The system call is
  /// `preadv2(RWF_NOWAIT)`.
  package borrowing func clear() {
    var count: UInt64 = 0
    _ = unsafe cl_read_at_once(descriptor.rawValue, &count, 8, -1)
  }
}

extension Descriptor {
  /// Waits until one of two can be read. The system call is `poll`.
  package static func waitForInput(_ first: borrowing Descriptor, or second: borrowing Descriptor) throws(Errno) {
    var both = (
      pollfd(fd: first.rawValue, events: Int16(POLLIN), revents: 0),
      pollfd(fd: second.rawValue, events: Int16(POLLIN), revents: 0)
    )
    _ = try unsafe withUnsafeMutablePointer(to: &both) { both throws(Errno) in
      try unsafe valueOrErrno(
        Int(poll(UnsafeMutableRawPointer(both).assumingMemoryBound(to: pollfd.self), 2, -1)))
    }
  }
}
