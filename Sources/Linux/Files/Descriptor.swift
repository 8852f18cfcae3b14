internal import CLinux
internal import Glibc
package import SystemPackage

/// An open file that this value owns and closes, exactly once.
public struct Descriptor: ~Copyable, Sendable {
  /// The file descriptor's number. Only this value closes it.
  public let rawValue: CInt

  /// Takes ownership of a descriptor. The caller must not close it.
  public init(adopting rawValue: CInt) {
    self.rawValue = rawValue
  }

  deinit {
    if rawValue >= 0 { _ = Glibc.close(rawValue) }
  }

  /// Gives up ownership. The caller closes the descriptor.
  public consuming func release() -> CInt {
    let rawValue = rawValue
    discard self
    return rawValue
  }

  /// Closes the file and reports an error that the kernel kept until now, such as of a delayed write. The system call is `close`.
  package consuming func close() throws(Errno) {
    _ = try valueOrErrno(Glibc.close(release()))
  }

  /// Returns the same open file under a number above the standard streams', closed on exec.
  ///
  /// The system call is `fcntl(F_DUPFD_CLOEXEC)`.
  package consuming func movedFromStandardStreams() throws(Errno) -> Descriptor {
    Descriptor(adopting: CInt(try valueOrErrno(kernel: cl_duplicate(rawValue, STDERR_FILENO + 1))))
  }
}

/// Returns the result of a C call, or throws `errno` if it is -1.
///
/// No code between the call and here may set `errno`: pass the call itself, with plain values.
@inline(__always)
func valueOrErrno<Value: SignedInteger>(_ result: Value) throws(Errno) -> Value {
  guard result >= 0 else { throw Errno(rawValue: errno) }
  return result
}

/// Returns the result of a call of CLinux, or throws if it is a negative errno.
@inline(__always)
func valueOrErrno(kernel result: Int) throws(Errno) -> Int {
  guard result >= 0 else { throw Errno(rawValue: CInt(truncatingIfNeeded: -result)) }
  return result
}
