internal import CLinux
internal import Glibc
package import SystemPackage

/// A path of the host, as on the command line: bytes, which needn't be valid text.
///
/// `FilePath` would do, but its generics alone cost a small program half a megabyte of memory.
@safe
package struct HostPath: Equatable, @unchecked Sendable, CustomStringConvertible {
  // Immutable and never freed.
  private let base: UnsafePointer<UInt8>
  /// The number of bytes.
  package let count: Int

  /// Refers to a C string that lives as long as the process, as the command line does.
  @unsafe
  package init(argument pointer: UnsafePointer<CChar>) {
    unsafe base = UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt8.self)
    count = unsafe strlen(pointer)
  }

  /// Copies a text, which is never freed.
  package init(lasting text: String) {
    self.init(lasting: text.utf8.span)
  }

  /// Copies bytes, which are never freed.
  package init(lasting bytes: Span<UInt8>) {
    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count + 1)
    for index in bytes.indices { unsafe copy[index] = bytes[index] }
    unsafe copy[bytes.count] = 0
    unsafe base = UnsafePointer(copy)
    count = bytes.count
  }

  package init(_ text: StaticString) {
    unsafe base = text.utf8Start
    count = text.utf8CodeUnitCount
  }

  package static func == (one: HostPath, other: HostPath) -> Bool {
    unsafe one.count == other.count && memcmp(one.base, other.base, one.count) == 0
  }

  /// The path as text, for messages. Invalid UTF-8 is replaced.
  package var description: String {
    unsafe String(decoding: UnsafeBufferPointer(start: base, count: count), as: UTF8.self)
  }

  /// The bytes as a C string.
  @unsafe
  var pointer: UnsafePointer<CChar> { unsafe UnsafeRawPointer(base).assumingMemoryBound(to: CChar.self) }

  /// The bytes, without a NUL.
  package var bytes: Span<UInt8> {
    @_lifetime(immortal)
    get { unsafe _overrideLifetime(Span(_unsafeStart: base, count: count), copying: ()) }
  }

  /// The number of bytes before the last component, with the slash; 0 for a name in the working directory.
  private var directoryCount: Int {
    var count = count
    while count > 0, unsafe base[count - 1] != UInt8(ascii: "/") { count -= 1 }
    return count
  }

  /// The path of the directory that the last component is in.
  package var directory: Span<UInt8> {
    @_lifetime(immortal)
    get { directoryCount == 0 ? HostPath(".").bytes : bytes.extracting(first: directoryCount) }
  }

  /// The bytes after the last slash.
  package var lastComponent: Span<UInt8> {
    @_lifetime(immortal)
    get { bytes.extracting(droppingFirst: directoryCount) }
  }
}

extension Descriptor {
  /// Opens a directory, to start paths from, and follows links. The system call is `open(O_PATH | O_DIRECTORY)`.
  package static func directory(_ path: Span<UInt8>) throws(Errno) -> Descriptor {
    var name = Path()
    try name.set(path)
    return Descriptor(
      adopting: try unsafe valueOrErrno(Glibc.open(name.piece(at: 0), cl_o_path | O_DIRECTORY | O_CLOEXEC)))
  }

  /// Opens a directory that this process may search. The system calls are `open` and `openat`.
  package static func searchableDirectory(_ path: Span<UInt8>) throws(Errno) -> Descriptor {
    let directory = try directory(path)
    try directory.checkIsSearchable()
    return directory
  }

  /// Checks that this process may search the directory. The system call is `openat`.
  package borrowing func checkIsSearchable() throws(Errno) {
    _ = Descriptor(adopting: try unsafe valueOrErrno(openat(rawValue, ".", cl_o_path | O_DIRECTORY | O_CLOEXEC)))
  }
}
