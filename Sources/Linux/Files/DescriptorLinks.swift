internal import CLinux
internal import Glibc
package import SystemPackage

/// The directory in which the kernel keeps a link to each of the process's open files, named by its number:
/// `/proc/self/fd`.
///
/// Some operations need a path even if the object is held by a descriptor of `O_PATH`: opening it, `chmod`, `truncate`, `link`
/// and extended attributes. The descriptor's link is such a path, and nobody can make it lead to another file. If this is
/// the working directory, the number alone is the path; ``Descriptor/reopen(_:)`` and others rely on that. Newer kernels have
/// calls without a path for some of these operations: `fchmodat2` since Linux 6.6, `setxattrat` since 6.13.
package struct DescriptorLinks: ~Copyable, Sendable {
  private let directory: Descriptor

  /// Opens the directory as a mount of its own: `..` doesn't lead from it to the rest of `/proc`, and it remains after a
  /// sandbox has taken `/proc` away.
  ///
  /// The system call is `open_tree(OPEN_TREE_CLONE)`, Linux 5.2.
  /// - Throws: `EPERM` without CAP_SYS_ADMIN, `ENOENT` without `/proc`.
  package static func apart() throws(Errno) -> DescriptorLinks {
    let flags = UInt32(CL_OPEN_TREE_CLONE) | UInt32(O_CLOEXEC)
    let tree = try unsafe valueOrErrno(kernel: cl_open_tree(AT_FDCWD, "/proc/self/fd", flags))
    return DescriptorLinks(directory: Descriptor(adopting: CInt(tree)))
  }

  /// Opens the directory in `/proc`.
  ///
  /// The system call is `open(O_PATH)`.
  /// - Throws: `ENOENT` without `/proc`.
  package static func inPlace() throws(Errno) -> DescriptorLinks {
    DescriptorLinks(
      directory: Descriptor(
        adopting: try unsafe valueOrErrno(open("/proc/self/fd", cl_o_path | O_DIRECTORY | O_CLOEXEC))))
  }

  /// Makes the directory the working directory of the calling thread and of those that share it. The system call is `fchdir`.
  package borrowing func enter() throws(Errno) -> Entered {
    try directory.becomeWorkingDirectory()
    return Entered()
  }

  /// Proof that ``DescriptorLinks`` is the working directory. It holds until the directory is changed.
  package struct Entered: Sendable {
    fileprivate init() {}
  }
}

/// The number of a descriptor in decimal digits, as a path.
struct DescriptorName {
  private var digits: InlineArray<12, CChar> = .init(repeating: 0)
  private var start = 11

  init(_ number: CInt) {
    var rest = UInt32(bitPattern: number)
    repeat {
      start -= 1
      digits[start] = CChar(truncatingIfNeeded: UInt32(UInt8(ascii: "0")) + rest % 10)
      rest /= 10
    } while rest > 0
  }

  /// Calls `body` with the digits as a C string.
  @inline(__always)
  func withPointer<Value: ~Copyable>(
    _ body: (UnsafePointer<CChar>) throws(Errno) -> Value
  ) throws(Errno) -> Value {
    try unsafe digits.span.extracting(droppingFirst: start).withUnsafeBufferPointer { digits throws(Errno) in
      guard let base = digits.baseAddress else { throw .invalidArgument }
      return try unsafe body(base)
    }
  }
}

extension Descriptor {
  /// Walks the path of this object from the root directory, and returns true if it leads to this mount, which the object is
  /// on. Then the mount belongs to the process's own tree, whoever has opened the descriptor. The working directory must be
  /// ``DescriptorLinks``.
  ///
  /// The system calls are `readlink`, `openat2` and `statx`.
  package borrowing func isReachable(on mount: UInt64) throws(Errno) -> Bool {
    try unsafe withLinkedPath { path, count throws(Errno) in
      if let found = try unsafe Self.mount(of: path, upTo: count) { return found == mount }
      // A removed object was in a directory that may still exist. The longest part of the path that exists is found by
      // bisection: there may be thousands.
      var (there, gone, result) = (0, count, false)
      while let slash = unsafe Self.slash(in: path, between: there, gone) {
        if let found = try unsafe Self.mount(of: path, upTo: slash) {
          (there, result) = (slash, found == mount)
        } else {
          gone = slash
        }
      }
      return result
    }
  }

  /// Reads the number of the mount that the first bytes of a path lead to; nil if they don't exist.
  private static func mount(
    of path: UnsafeMutableBufferPointer<CChar>, upTo count: Int
  ) throws(Errno) -> UInt64? {
    var how = open_how()
    how.flags = UInt64(cl_o_path | O_NOFOLLOW | O_CLOEXEC)
    how.resolve = UInt64(RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
    let end = unsafe path[count]
    unsafe path[count] = 0
    defer { unsafe path[count] = end }
    let found = unsafe cl_openat2(AT_FDCWD, path.baseAddress, &how)
    return found >= 0 ? try Descriptor(adopting: CInt(found)).mountID() : nil
  }

  /// Finds a slash between two offsets, near their middle.
  private static func slash(
    in path: UnsafeMutableBufferPointer<CChar>, between start: Int, _ end: Int
  ) -> Int? {
    let middle = start + (end - start) / 2
    var index = middle
    while index > start {
      if unsafe path[index] == CChar(UInt8(ascii: "/")) { return index }
      index -= 1
    }
    index = middle + 1
    while index < end {
      if unsafe path[index] == CChar(UInt8(ascii: "/")) { return index }
      index += 1
    }
    return nil
  }

  /// Calls `body` with the target of this file's link, and its length in bytes; there is room for a NUL after it.
  ///
  /// The system call is `readlink`.
  borrowing func withLinkedPath<Value: ~Copyable>(
    _ body: (UnsafeMutableBufferPointer<CChar>, Int) throws(Errno) -> Value
  ) throws(Errno) -> Value {
    var path: InlineArray<4096, CChar> = .init(repeating: 0)
    var span = path.mutableSpan
    return try unsafe span.withUnsafeMutableBufferPointer { path throws(Errno) in
      let count = try unsafe withLink { link throws(Errno) in
        guard let base = path.baseAddress else { throw .invalidArgument }
        return try unsafe valueOrErrno(readlinkat(AT_FDCWD, link, base, path.count - 1))
      }
      return try unsafe body(path, count)
    }
  }

  /// Calls `body` with the path of this file's link. The working directory must be ``DescriptorLinks``.
  @inline(__always)
  borrowing func withLink<Value: ~Copyable>(
    _ body: (UnsafePointer<CChar>) throws(Errno) -> Value
  ) throws(Errno) -> Value {
    try unsafe DescriptorName(rawValue).withPointer(body)
  }
}
