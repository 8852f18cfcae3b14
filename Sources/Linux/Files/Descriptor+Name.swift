internal import CLinux
internal import Glibc
package import SystemPackage

extension Descriptor {
  /// The directory that the object was found in, wherever both have been moved to since, and in `name` what it is called
  /// there. The working directory must be ``DescriptorLinks``.
  ///
  /// The path that its link tells was right when it was read. Whoever uses it must see whether the object is still there,
  /// and where the directory is: that of an object without a name is told with ` (deleted)` behind it, which may be
  /// another's name.
  ///
  /// The system calls are `readlink`, and `openat2` told to resolve no links.
  /// - Throws: `ENOENT` where there is none, as of the process's root directory, or the path leads nowhere; `ENAMETOOLONG`
  ///   where it is longer than the kernel tells.
  package borrowing func directory(naming name: inout Path) throws(Errno) -> Descriptor {
    try unsafe withLinkedPath { path, count throws(Errno) in
      // Pipes and the like have no path. That of what was moved out of its mount is the root's, which is in no directory.
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
