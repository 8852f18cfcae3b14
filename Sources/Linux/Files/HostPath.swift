internal import CLinux
internal import Glibc
package import SystemPackage

/// A path of the host as it stands on the command line: bytes, which needn't be text.
///
/// `FilePath` would do as much, but its generics alone cost a small program half a megabyte of memory.
@safe
package struct HostPath: Equatable, @unchecked Sendable, CustomStringConvertible {
  // Never written to and never freed.
  private let base: UnsafePointer<UInt8>
  /// Bytes.
  package let count: Int

  /// Refers to a C string that lives as long as the process, as the command line does.
  @unsafe
  package init(argument pointer: UnsafePointer<CChar>) {
    unsafe base = UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt8.self)
    count = unsafe strlen(pointer)
  }

  /// A path of this text, which stays as long as the process.
  package init(lasting text: String) {
    self.init(lasting: text.utf8.span)
  }

  /// A path of these bytes, which stays as long as the process.
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

  /// For people: what isn't text is replaced.
  package var description: String {
    unsafe String(decoding: UnsafeBufferPointer(start: base, count: count), as: UTF8.self)
  }

  /// The bytes, without a NUL.
  package var bytes: Span<UInt8> {
    @_lifetime(immortal)
    get { unsafe _overrideLifetime(Span(_unsafeStart: base, count: count), copying: ()) }
  }

  /// How many bytes lead to the directory that it names something in, its slash included; 0 for the working directory.
  private var directoryCount: Int {
    var count = count
    while count > 0, unsafe base[count - 1] != UInt8(ascii: "/") { count -= 1 }
    return count
  }

  /// The directory that it names something in.
  package var directory: Span<UInt8> {
    @_lifetime(immortal)
    get { directoryCount == 0 ? HostPath(".").bytes : bytes.extracting(first: directoryCount) }
  }

  /// What comes after the last slash.
  package var lastComponent: Span<UInt8> {
    @_lifetime(immortal)
    get { bytes.extracting(droppingFirst: directoryCount) }
  }
}

extension Descriptor {
  /// A directory, to start paths from. The system call is `open(O_PATH | O_DIRECTORY)`, which follows links.
  package static func directory(_ path: Span<UInt8>) throws(Errno) -> Descriptor {
    var name = Path()
    try name.set(path)
    return Descriptor(
      adopting: try unsafe valueOrErrno(Glibc.open(name.piece(at: 0), cl_o_path | O_DIRECTORY | O_CLOEXEC)))
  }

  /// A directory that this process may also look names up in. The system calls are `open` and `openat`.
  package static func searchableDirectory(_ path: Span<UInt8>) throws(Errno) -> Descriptor {
    let directory = try directory(path)
    try directory.checkIsSearchable()
    return directory
  }

  /// Checks that this process may look names up in the directory. The system call is `openat`.
  package borrowing func checkIsSearchable() throws(Errno) {
    _ = Descriptor(adopting: try unsafe valueOrErrno(openat(rawValue, ".", cl_o_path | O_DIRECTORY | O_CLOEXEC)))
  }
}
