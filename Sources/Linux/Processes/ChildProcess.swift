internal import CLinux
internal import Glibc
package import SystemPackage

/// A program that this process has started, and that ends with this value.
///
/// It is held by a descriptor, `pidfd_open(2)`: no signal reaches another process that has got its number since, even
/// where the rest of the program waits for children that it doesn't know.
package struct ChildProcess: ~Copyable {
  /// The number under which it finds the descriptor that it is passed.
  package static let passedNumber: CInt = 3

  package let identifier: Int32
  private let handle: Descriptor
  /// How long it may take to end by itself, in milliseconds, when this value ends.
  private let patience: Int

  /// Starts a program, which gets a descriptor as ``passedNumber`` and standard error for what it prints.
  ///
  /// `words` are its path and its arguments, a NUL behind each. The call is `posix_spawn`.
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
      // Nobody has waited for it yet, so the number is its own.
      _ = Glibc.kill(child, SIGKILL)
      _ = try? Process.wait(for: child)
      throw error
    }
  }

  deinit {
    if !handle.isReadable(within: patience) {
      _ = cl_signal_process(handle.rawValue, SIGKILL)
      // Within a system call that can't be ended it doesn't die until that is done: nobody waits for that.
      _ = handle.isReadable(within: 1000)
    }
    var status: CInt = 0
    _ = unsafe cl_wait_process(handle.rawValue, &status)
  }

  /// Ends it at once. The system call is `pidfd_send_signal`.
  package borrowing func kill() {
    _ = cl_signal_process(handle.rawValue, SIGKILL)
  }

  /// Waits for its end, but not longer than this. The system call is `waitid`.
  ///
  /// - Returns: its exit status, or 128 and the signal that ended it; nil where it still runs, or another part of the
  ///   program has waited for it. Once only.
  package borrowing func wait(milliseconds: Int) -> Int32? {
    guard handle.isReadable(within: milliseconds) else { return nil }
    var status: CInt = 0
    return unsafe cl_wait_process(handle.rawValue, &status) == 1 ? status : nil
  }
}

extension Descriptor {
  /// Waits until there is something to read, but not longer than this. The system call is `poll`.
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
