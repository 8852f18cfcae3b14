internal import CLinux
internal import Glibc
package import SystemPackage

// Child processes. They are started at start-up, while there is one thread.
extension Process {
  /// The process id.
  package static var identifier: Int32 { getpid() }

  /// The process id in the namespace that `/proc` was mounted in, which differs in a process namespace of the own.
  package static var identifierOnHost: UInt32 {
    var digits = [CChar](repeating: 0, count: 16)
    let count = unsafe readlink("/proc/self", &digits, digits.count)
    guard count > 0 else { return UInt32(identifier) }
    var number: UInt32 = 0
    for digit in digits.prefix(count) { number = number &* 10 &+ UInt32(UInt8(bitPattern: digit) &- UInt8(ascii: "0")) }
    return number
  }

  /// The effective user and group id.
  package static var uid: UInt32 { geteuid() }
  package static var gid: UInt32 { getegid() }

  /// Forks a child. The system call is `fork`.
  ///
  /// - Returns: its process id, for ``wait(for:)``; nil in the child, which ends by ``end(_:)``.
  package static func fork() throws(Errno) -> Int32? {
    let child = try valueOrErrno(kernel: cl_fork())
    return child == 0 ? nil : Int32(child)
  }

  /// Ends a child with a status from 0 to 255. The system call is `exit_group`.
  package static func end(_ status: Int32) -> Never {
    _exit(status)
  }

  /// Starts a program, found in PATH; `words` are its name and arguments. The call is `posix_spawnp`.
  ///
  /// - Returns: its process id, for ``wait(for:)``.
  /// - Throws: `ENOENT` if there is no such program.
  package static func spawn(_ words: [String]) throws(Errno) -> Int32 {
    var words = unsafe CWords(words)
    defer { unsafe words.free() }
    return Int32(try unsafe valueOrErrno(kernel: cl_spawn(words.pointers)))
  }

  /// Runs a program as ``spawn(_:)`` does, and waits for its end. Its standard error is discarded.
  ///
  /// - Parameters:
  ///   - words: the program's name and arguments.
  ///   - output: gets the program's standard output, at most 64 KiB of it.
  /// - Returns: the exit status, or 255 if a signal ended the program.
  /// - Throws: `ENOENT` if there is no such program.
  package static func run(_ words: [String], into output: inout [UInt8]) throws(Errno) -> Int32 {
    let pipe = try Pipe()
    let child: Int32
    do {
      var words = unsafe CWords(words)
      defer { unsafe words.free() }
      child = Int32(try unsafe valueOrErrno(kernel: cl_spawn_with_output(words.pointers, pipe.writing.rawValue)))
    }
    // The receiver sees the end only if this process doesn't hold the other end.
    pipe.receiver().readAll(into: &output, most: 1 << 16)
    return try wait(for: child)
  }

  /// Waits for a child's end. The system call is `waitpid`.
  ///
  /// - Returns: the exit status, or 255 if a signal ended it.
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

  /// Puts later children into a new process namespace, the first of them as its process 1.
  ///
  /// The system call is `unshare(CLONE_NEWPID)`.
  package static func unshareIdentifiersOfChildren() throws(Errno) {
    _ = try valueOrErrno(unshare(CL_CLONE_NEWPID))
  }
}

/// The words of a command as C strings.
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
