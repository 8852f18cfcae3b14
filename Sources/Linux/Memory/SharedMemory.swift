internal import CLinux
internal import Glibc
package import SystemPackage

/// A part of a file that another process writes to as well, mapped to be read and written.
///
/// Any byte may change at any time. The other process may also shorten the file: a byte that has gone reads as 0 then, and
/// ``isLost`` says so.
@safe
package struct SharedMemory: ~Copyable, @unchecked Sendable {
  /// The first byte.
  package let base: UnsafeMutableRawPointer
  /// Bytes.
  package let size: Int
  private let whole: UnsafeMutableRawBufferPointer
  private let watch: CInt

  /// `FUSE_SUPER_MAGIC`.
  private static let fuse: UInt64 = 0x6573_5546

  /// Maps `size` bytes of a file from `offset` on. The system call is `mmap(MAP_SHARED)`.
  ///
  /// - Throws: `EINVAL` when the file doesn't have these bytes, isn't a regular one, or is of a file system that may be in
  ///   another process or on another machine: touching a byte might hang; `ENOMEM`; `EACCES` when it isn't open for both.
  package init(_ file: borrowing Descriptor, offset: UInt64, size: UInt64) throws(Errno) {
    let known = try file.knownFile()
    guard known.kind == .regular, known.isMemory || known.hasDevice, size > 0 else { throw .invalidArgument }
    let (end, isOver) = offset.addingReportingOverflow(size)
    guard !isOver, end <= known.size, let count = Int(exactly: end) else { throw .invalidArgument }
    // FUSE may have a device. Its files are refused before they are asked for anything else.
    let fileSystem = try file.fileSystemStatus()
    guard known.isMemory || fileSystem.type != Self.fuse else { throw .invalidArgument }
    // Of huge pages an offset must be a multiple.
    let page = max(4096, UInt64(clamping: fileSystem.blockSize))
    guard page & (page - 1) == 0 else { throw .invalidArgument }
    let start = offset & ~(page - 1)
    let length = count - Int(clamping: start)
    let memory = unsafe mmap(
      nil, length, PROT_READ | PROT_WRITE, MAP_SHARED | CInt(MAP_NORESERVE), file.rawValue, off_t(clamping: start))
    guard let memory = unsafe memory, Int(bitPattern: memory) != -1 else { throw Errno(rawValue: errno) }
    let watch = unsafe cl_watch_memory(memory, length)
    guard watch >= 0 else {
      unsafe munmap(memory, length)
      throw .noMemory
    }
    unsafe whole = UnsafeMutableRawBufferPointer(start: memory, count: length)
    unsafe base = memory + Int(clamping: offset - start)
    self.size = Int(clamping: size)
    self.watch = watch
  }

  deinit {
    cl_forget_memory(watch)
    unsafe munmap(whole.baseAddress, whole.count)
  }

  /// True if a byte was touched that the file no longer has. Since then all of the memory is zeros.
  package var isLost: Bool { cl_is_memory_lost(watch) }

  /// Keeps an access to bytes that the file no longer has from ending the process. The system call is `sigaction(SIGBUS)`.
  package static func surviveLoss() { cl_survive_lost_memory() }
}
