internal import CLinux
internal import Glibc
package import SystemPackage

/// An open file that this value owns: it is closed when the value ends, exactly once.
public struct Descriptor: ~Copyable, Sendable {
  /// The kernel's number. It stays this value's to close.
  public let rawValue: CInt

  /// Takes over a number that nobody else closes.
  public init(adopting rawValue: CInt) {
    self.rawValue = rawValue
  }

  deinit {
    if rawValue >= 0 { _ = Glibc.close(rawValue) }
  }

  /// Gives the number away, open; the caller closes it.
  public consuming func release() -> CInt {
    let rawValue = rawValue
    discard self
    return rawValue
  }

  /// Closes the file and reports an error that the kernel kept until now, such as of a delayed write. The system call is `close`.
  package consuming func close() throws(Errno) {
    _ = try valueOrErrno(Glibc.close(release()))
  }

  /// The same open file under a number that isn't a standard stream's, closed on exec.
  ///
  /// The system call is `fcntl(F_DUPFD_CLOEXEC)`.
  package consuming func movedFromStandardStreams() throws(Errno) -> Descriptor {
    Descriptor(adopting: CInt(try valueOrErrno(kernel: cl_duplicate(rawValue, STDERR_FILENO + 1))))
  }
}

/// The result of a C call that says -1 and sets `errno`.
///
/// Nothing that could run between the call and here may touch `errno`: pass the call itself, with plain values.
@inline(__always)
func valueOrErrno<Value: SignedInteger>(_ result: Value) throws(Errno) -> Value {
  guard result >= 0 else { throw Errno(rawValue: errno) }
  return result
}

/// The result of a call that says a negative errno, as those of CLinux do.
@inline(__always)
func valueOrErrno(kernel result: Int) throws(Errno) -> Int {
  guard result >= 0 else { throw Errno(rawValue: CInt(truncatingIfNeeded: -result)) }
  return result
}
