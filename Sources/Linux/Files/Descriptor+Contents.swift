internal import CLinux
internal import Glibc
package import SystemPackage

// The contents of open files.
extension Descriptor {
  /// Reads from `offset` until the buffer is full or the file ends.
  ///
  /// The system call is `pread`, repeated while it reads only a part.
  /// - Throws: the error of the first call. An error after a part is left to the next read.
  package borrowing func read(
    at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int {
    try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      var done = 0
      while done < bytes.count {
        let at = try Self.position(offset, done)
        do throws(Errno) {
          let rest = unsafe UnsafeMutableBufferPointer(rebasing: bytes[done...])
          let count = try unsafe valueOrErrno(pread(rawValue, rest.baseAddress, rest.count, at))
          if count == 0 { break }
          done += count
        } catch {
          if error == .interrupted { continue }
          if done > 0 { break }
          throw error
        }
      }
      return done
    }
  }

  /// Reads like ``read(at:into:)``, but without waiting for a disk.
  ///
  /// The system call is `preadv2(RWF_NOWAIT)`, repeated while it reads only a part: that isn't the file's end.
  /// - Returns: bytes read; nil if a part would have to be waited for.
  /// - Throws: `EOPNOTSUPP` if the file system doesn't know the flag.
  package borrowing func readAtOnce(
    at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(Errno) -> Int? {
    try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      var done = 0
      while done < bytes.count {
        let at = try Self.position(offset, done)
        do throws(Errno) {
          let rest = unsafe UnsafeMutableBufferPointer(rebasing: bytes[done...])
          let count = try unsafe valueOrErrno(kernel: cl_read_at_once(rawValue, rest.baseAddress, rest.count, at))
          if count == 0 { break }
          done += count
        } catch {
          if error == .interrupted { continue }
          if error == .wouldBlock { return nil }
          if done > 0 { break }
          throw error
        }
      }
      return done
    }
  }

  /// Writes bytes at `offset`, as many as the file takes.
  ///
  /// The system call is `pwrite`, repeated while it writes only a part.
  /// - Throws: the error of the first call. An error after a part is left to the next write.
  package borrowing func write(_ data: Span<UInt8>, at offset: UInt64) throws(Errno) -> Int {
    try unsafe data.withUnsafeBufferPointer { bytes throws(Errno) in
      var done = 0
      while done < bytes.count {
        let at = try Self.position(offset, done)
        do throws(Errno) {
          let rest = unsafe UnsafeBufferPointer(rebasing: bytes[done...])
          let count = try unsafe valueOrErrno(pwrite(rawValue, rest.baseAddress, rest.count, at))
          if count == 0 { break }
          done += count
        } catch {
          if error == .interrupted { continue }
          if done > 0 { break }
          throw error
        }
      }
      return done
    }
  }

  /// - Throws: `EINVAL` for an offset beyond the largest file.
  private static func position(_ offset: UInt64, _ done: Int) throws(Errno) -> Int {
    let (sum, isTooLarge) = offset.addingReportingOverflow(UInt64(done))
    guard !isTooLarge, let position = Int(exactly: sum) else { throw .invalidArgument }
    return position
  }

  /// Writes the file's data and status to the disk. The system call is `fsync`.
  package borrowing func fsync() throws(Errno) {
    _ = try valueOrErrno(Glibc.fsync(rawValue))
  }

  /// Writes the file's data to the disk, and the status that reading it needs. The system call is `fdatasync`.
  package borrowing func fdatasync() throws(Errno) {
    _ = try valueOrErrno(Glibc.fdatasync(rawValue))
  }

  /// Sets an open file's size. The system call is `ftruncate`.
  package borrowing func ftruncate(to size: Int64) throws(Errno) {
    _ = try valueOrErrno(Glibc.ftruncate(rawValue, Int(size)))
  }

  /// Reads a directory's next entries, for ``KernelEntries``. The system call is `getdents64`.
  ///
  /// - Returns: bytes read; 0 at the directory's end.
  /// - Throws: `EINVAL` if not even one entry fits.
  package borrowing func getdents64(into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      try unsafe valueOrErrno(kernel: cl_getdents(rawValue, bytes.baseAddress, bytes.count))
    }
  }

  /// Repositions the directory: the next read starts after the entry with this ``KernelEntry/cookie``, or at the beginning
  /// for 0. The system call is `lseek`.
  package borrowing func lseek(to cookie: UInt64) throws(Errno) {
    guard let offset = Int(exactly: cookie) else { throw .invalidArgument }
    _ = try valueOrErrno(Glibc.lseek(rawValue, offset, SEEK_SET))
  }
}

/// An entry of a directory: `struct linux_dirent64`, `getdents(2)`.
package struct KernelEntry: ~Escapable {
  package let inode: UInt64
  /// `d_off`: the position after this entry. It stays valid as long as the directory is open, whatever happens to other
  /// entries.
  package let cookie: UInt64
  /// `d_type`: the kind of file, or 0.
  package let type: UInt8
  package let name: Span<UInt8>

  @_lifetime(copy name)
  init(inode: UInt64, cookie: UInt64, type: UInt8, name: Span<UInt8>) {
    self.inode = inode
    self.cookie = cookie
    self.type = type
    self.name = name
  }
}

/// The entries that ``Descriptor/getdents64(into:)`` reads.
package struct KernelEntries: ~Escapable {
  // ino[8] off[8] reclen[2] type[1] name, NUL, up to reclen.
  private static let nameOffset = 19
  private var rest: Span<UInt8>

  @_lifetime(copy bytes)
  package init(_ bytes: Span<UInt8>) {
    rest = bytes
  }

  /// Finds the offset of the entry `..` in the bytes of entries; nil if it isn't among them.
  package static func placeOfParent(in bytes: Span<UInt8>) -> Int? {
    let dot = UInt8(ascii: ".")
    var place = 0
    while bytes.count - place > nameOffset + 2 {
      let name = place + nameOffset
      if bytes[name] == dot, bytes[name + 1] == dot, bytes[name + 2] == 0 { return place }
      let length = Int(bytes[place + 16]) | Int(bytes[place + 17]) << 8
      guard length > nameOffset else { return nil }
      place += length
    }
    return nil
  }

  /// Replaces the inode of the entry at this offset.
  package static func setInode(_ inode: UInt64, at place: Int, in bytes: inout MutableSpan<UInt8>) {
    for index in 0..<8 { bytes[place + index] = UInt8(truncatingIfNeeded: inode >> (8 * UInt64(index))) }
  }

  /// Takes the next entry.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  package mutating func next() -> KernelEntry? {
    guard rest.count > Self.nameOffset else { return nil }
    let length = Int(rest[16]) | Int(rest[17]) << 8
    guard length > Self.nameOffset, length <= rest.count else { return nil }
    let record = rest.extracting(first: length)
    rest = rest.extracting(droppingFirst: length)
    var end = Self.nameOffset
    while end < length, record[end] != 0 { end += 1 }
    return KernelEntry(
      inode: Self.number(record, at: 0), cookie: Self.number(record, at: 8), type: record[18],
      name: record.extracting(Self.nameOffset..<end))
  }

  // Swift supports no big-endian machine.
  private static func number(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
    let low =
      UInt64(bytes[offset]) | UInt64(bytes[offset + 1]) << 8 | UInt64(bytes[offset + 2]) << 16
      | UInt64(bytes[offset + 3]) << 24
    let high =
      UInt64(bytes[offset + 4]) | UInt64(bytes[offset + 5]) << 8 | UInt64(bytes[offset + 6]) << 16
      | UInt64(bytes[offset + 7]) << 24
    return low | high << 32
  }
}
