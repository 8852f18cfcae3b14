internal import CLinux
internal import Glibc
package import SystemPackage

/// A program that this process has started, and that ends with this value.
///
/// It is held by a descriptor, `pidfd_open(2)`: a signal can't reach another process that got the same number, even if other
/// parts of the program wait for any child.
package struct ChildProcess: ~Copyable {
  /// The number of the descriptor that is passed to the program.
  package static let passedNumber: CInt = 3

  package let identifier: Int32
  private let handle: Descriptor
  /// The time that the program has to end by itself when this value ends, in milliseconds.
  private let patience: Int

  /// Starts a program with a descriptor as ``passedNumber``; its output goes to standard error.
  ///
  /// `words` are its path and its arguments, each with a NUL. The call is `posix_spawn`.
  package init(
    words: Span<UInt8>, passing passed: borrowing Descriptor, patience: Int
  ) throws(Errno) {
    var bytes = [CChar](repeating: 0, count: words.count + 1)
    for index in words.indices { bytes[index] = CChar(bitPattern: words[index]) }
    var starts: [Int] = []
    for index in words.indices where index == 0 || words[index - 1] == 0 { starts.append(index) }
    let descriptor = passed.rawValue
    let child = unsafe bytes.withUnsafeMutableBufferPointer { bytes in
      var pointers: [UnsafeMutablePointer<CChar>?] = unsafe []
      for start in starts { unsafe pointers.append(bytes.baseAddress.map { unsafe $0 + start }) }
      unsafe pointers.append(nil)
      return unsafe cl_spawn_with_descriptor(pointers, descriptor, Self.passedNumber)
    }
    let identifier = Int32(try valueOrErrno(kernel: child))
    let handle = try Self.handle(of: identifier)
    self.identifier = identifier
    self.handle = handle
    self.patience = patience
  }

  private static func handle(of child: Int32) throws(Errno) -> Descriptor {
    do throws(Errno) {
      return Descriptor(adopting: CInt(try valueOrErrno(kernel: cl_open_process(child))))
    } catch {
      // No one has waited for the child yet, so no other process has its number.
      _ = Glibc.kill(child, SIGKILL)
      _ = try? Process.wait(for: child)
      throw error
    }
  }

  deinit {
    if !handle.isReadable(within: patience) {
      _ = cl_signal_process(handle.rawValue, SIGKILL)
      // A process in an uninterruptible system call dies only after it: don't wait for that.
      _ = handle.isReadable(within: 1000)
    }
    var status: CInt = 0
    _ = unsafe cl_wait_process(handle.rawValue, &status)
  }

  /// Kills the program. The system call is `pidfd_send_signal`.
  package borrowing func kill() {
    _ = cl_signal_process(handle.rawValue, SIGKILL)
  }

  /// Waits for the program's end, up to a time limit. The system call is `waitid`.
  ///
  /// - Returns: the exit status, or 128 plus the signal; nil if it still runs, or if it was waited for before.
  package borrowing func wait(milliseconds: Int) -> Int32? {
    guard handle.isReadable(within: milliseconds) else { return nil }
    var status: CInt = 0
    return unsafe cl_wait_process(handle.rawValue, &status) == 1 ? status : nil
  }
}

extension Descriptor {
  /// Waits for input, up to a time limit. The system call is `poll`.
  fileprivate borrowing func isReadable(within milliseconds: Int) -> Bool {
    let end = MonotonicTime.now + UInt64(milliseconds) * 1_000_000
    while true {
      let now = MonotonicTime.now
      let left = now < end ? (end - now) / 1_000_000 + 1 : 0
      var wanted = pollfd(fd: rawValue, events: Int16(POLLIN), revents: 0)
      let result = unsafe poll(&wanted, 1, CInt(left))
      if result >= 0 || errno != EINTR { return result > 0 }
    }
  }
}
