internal import CLinux
internal import Glibc
package import SystemPackage

// Processes that this one starts, at start-up, while it has one thread.
extension Process {
  /// The process's own number.
  package static var identifier: Int32 { getpid() }

  /// The process's number to whoever mounted `/proc`, which in a process namespace of its own is another.
  package static var identifierOnHost: UInt32 {
    var digits = [CChar](repeating: 0, count: 16)
    let count = unsafe readlink("/proc/self", &digits, digits.count)
    guard count > 0 else { return UInt32(identifier) }
    var number: UInt32 = 0
    for digit in digits.prefix(count) { number = number &* 10 &+ UInt32(UInt8(bitPattern: digit) &- UInt8(ascii: "0")) }
    return number
  }

  /// Who the process is: the ids that count for what it makes.
  package static var uid: UInt32 { geteuid() }
  package static var gid: UInt32 { getegid() }

  /// Leaves a child. The system call is `fork`.
  ///
  /// - Returns: its number, for ``wait(for:)``; nil in the child, which ends by ``end(_:)``.
  package static func fork() throws(Errno) -> Int32? {
    let child = try valueOrErrno(kernel: cl_fork())
    return child == 0 ? nil : Int32(child)
  }

  /// Ends a child, with a status from 0 to 255. The system call is `exit_group`.
  package static func end(_ status: Int32) -> Never {
    _exit(status)
  }

  /// Starts a program that is found along PATH; its words begin with its name. The call is `posix_spawnp`.
  ///
  /// - Returns: its number, for ``wait(for:)``.
  /// - Throws: `ENOENT` where there is no such program.
  package static func spawn(_ words: [String]) throws(Errno) -> Int32 {
    var words = unsafe CWords(words)
    defer { unsafe words.free() }
    return Int32(try unsafe valueOrErrno(kernel: cl_spawn(words.pointers)))
  }

  /// Runs a program as ``spawn(_:)`` does, and waits for its end. What it says on standard error is nobody's concern.
  ///
  /// - Parameters:
  ///   - words: the program's name, and its words.
  ///   - output: gets what it writes to standard output, beyond 64 KiB in parts.
  /// - Returns: its exit status, or 255 where a signal ended it.
  /// - Throws: `ENOENT` where there is no such program.
  package static func run(_ words: [String], into output: inout [UInt8]) throws(Errno) -> Int32 {
    let pipe = try Pipe()
    let child: Int32
    do {
      var words = unsafe CWords(words)
      defer { unsafe words.free() }
      child = Int32(try unsafe valueOrErrno(kernel: cl_spawn_with_output(words.pointers, pipe.writing.rawValue)))
    }
    // Without another holder of the other end its end is seen.
    pipe.receiver().readAll(into: &output, most: 1 << 16)
    return try wait(for: child)
  }

  /// Waits for a child's end. The system call is `waitpid`.
  ///
  /// - Returns: its exit status, or 255 where a signal ended it.
  package static func wait(for child: Int32) throws(Errno) -> Int32 {
    var status: CInt = 0
    while true {
      do throws(Errno) {
        _ = try unsafe valueOrErrno(waitpid(child, &status, 0))
        return status & 0x7f == 0 ? status >> 8 & 0xff : 255
      } catch .interrupted {
        continue
      }
    }
  }

  /// The next children are in a process namespace of their own, the first of them as its process 1.
  ///
  /// The system call is `unshare(CLONE_NEWPID)`.
  package static func unshareIdentifiersOfChildren() throws(Errno) {
    _ = try valueOrErrno(unshare(CL_CLONE_NEWPID))
  }
}

/// A program's words, as C takes them.
@unsafe
private struct CWords {
  var pointers: [UnsafeMutablePointer<CChar>?] = unsafe []

  init(_ words: [String]) {
    unsafe pointers.reserveCapacity(words.count + 1)
    for word in words { unsafe pointers.append(strdup(word)) }
    unsafe pointers.append(nil)
  }

  mutating func free() {
    unsafe pointers.forEach { unsafe Glibc.free($0) }
    unsafe pointers = unsafe []
  }
}

/// A one-way channel between two processes, for a byte or for its end.
package struct Pipe: ~Copyable {
  private let reading: Descriptor
  fileprivate let writing: Descriptor

  /// The system call is `pipe`.
  package init() throws(Errno) {
    var ends: [CInt] = [-1, -1]
    _ = try unsafe valueOrErrno(pipe(&ends))
    reading = Descriptor(adopting: ends[0])
    writing = Descriptor(adopting: ends[1])
  }

  /// Keeps the end that is read from.
  package consuming func receiver() -> PipeReceiver { PipeReceiver(end: reading) }

  /// Keeps the end that is written to.
  package consuming func sender() -> PipeSender { PipeSender(end: writing) }
}

/// The end of a ``Pipe`` that is read from.
package struct PipeReceiver: ~Copyable {
  fileprivate let end: Descriptor

  /// Waits for the other end's word. The system call is `read`.
  ///
  /// - Returns: whether it came, before the other end was gone.
  package borrowing func wait() -> Bool {
    var word: UInt8 = 0
    while true {
      let count = unsafe read(end.rawValue, &word, 1)
      if count < 0 && errno == EINTR { continue }
      return count == 1
    }
  }
}

extension PipeReceiver {
  /// Reads until the other end is gone. What is beyond `most` bytes is lost.
  fileprivate borrowing func readAll(into bytes: inout [UInt8], most: Int) {
    var chunk: InlineArray<4096, UInt8> = .init(repeating: 0)
    while true {
      var span = chunk.mutableSpan
      let count = unsafe span.withUnsafeMutableBufferPointer { unsafe read(end.rawValue, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      for index in 0..<min(count, max(0, most - bytes.count)) { bytes.append(chunk[index]) }
    }
  }
}

/// The end of a ``Pipe`` that is written to.
package struct PipeSender: ~Copyable {
  fileprivate let end: Descriptor

  /// Sends the word. The system call is `write`.
  package borrowing func send() {
    var word: UInt8 = 1
    _ = unsafe write(end.rawValue, &word, 1)
  }
}
