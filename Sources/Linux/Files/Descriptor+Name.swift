internal import CLinux
internal import Glibc
package import SystemPackage

extension Descriptor {
  /// Opens the directory that the object is in now, and sets `name` to its name there. The working directory must be
  /// ``DescriptorLinks``.
  ///
  /// The path of the link may be out of date. The caller must check that the object is still there, and where the directory
  /// is: the kernel appends ` (deleted)` to the path of a removed object, which may be another object's name.
  ///
  /// The system calls are `readlink`, and `openat2` with `RESOLVE_NO_SYMLINKS` and `RESOLVE_NO_MAGICLINKS`.
  /// - Throws: `ENOENT` if there is no such directory, as for the process's root directory; `ENAMETOOLONG` if the path is
  ///   longer than the kernel tells.
  package borrowing func directory(naming name: inout Path) throws(Errno) -> Descriptor {
    try unsafe withLinkedPath { path, count throws(Errno) in
      // Pipes and the like have no path. An object that was moved out of its mount has the root's, which is in no directory.
      guard unsafe path[0] == slash, let last = unsafe path[..<count].lastIndex(of: slash), last + 1 < count else {
        throw .noSuchFileOrDirectory
      }
      let text = unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(path)[last + 1..<count])
      try name.set(unsafe Span(_unsafeElements: text.assumingMemoryBound(to: UInt8.self)))
      // The root directory's path is its slash.
      unsafe path[max(last, 1)] = 0
      var how = open_how()
      how.flags = UInt64(cl_o_path | O_DIRECTORY | O_CLOEXEC)
      how.resolve = UInt64(RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
      return Descriptor(adopting: CInt(try unsafe valueOrErrno(kernel: cl_openat2(AT_FDCWD, path.baseAddress, &how))))
    }
  }
}

private let slash = CChar(UInt8(ascii: "/"))
