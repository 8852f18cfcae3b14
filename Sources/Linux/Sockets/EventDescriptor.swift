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
    // The kernel's own objects have no type bits. A pipe does as well, for hosts without eventfd.
    let type = try descriptor.status().mode & 0o170_000
    guard type == 0 || type == 0o010_000 else { throw .invalidArgument }
    let flags = try valueOrErrno(kernel: cl_get_status_flags(descriptor.rawValue))
    if flags & Int(O_NONBLOCK) == 0 {
      _ = try valueOrErrno(kernel: cl_set_status_flags(descriptor.rawValue, CInt(flags) | O_NONBLOCK))
    }
    self.descriptor = descriptor
  }

  /// Wakes whoever waits. The system call is `write`.
  package borrowing func signal() {
    var one: UInt64 = 1
    // Full, it wakes as well.
    _ = unsafe write(descriptor.rawValue, &one, 8)
  }

  /// Takes what has been signalled, without waiting for it. The system call is `read`.
  package borrowing func clear() {
    var count: UInt64 = 0
    _ = unsafe read(descriptor.rawValue, &count, 8)
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
