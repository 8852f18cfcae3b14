internal import CLinux
internal import Glibc
package import SystemPackage

extension Descriptor {
  /// Opens the calling thread's working directory, to start paths from.
  ///
  /// The system call is `open(O_PATH)`.
  package static func workingDirectory() throws(Errno) -> Descriptor {
    Descriptor(adopting: try unsafe valueOrErrno(Glibc.open(".", cl_o_path | O_DIRECTORY | O_CLOEXEC)))
  }

  /// Opens a file; `mode` is for a file that this creates. The descriptor closes on exec. The system call is `openat`.
  package borrowing func open(
    _ path: borrowing Path, flags: OpenFlags, mode: UInt32 = 0
  ) throws(Errno) -> Descriptor {
    let flags = (flags | .closeOnExec).rawValue
    return try at(path) { target throws(Errno) in
      Descriptor(adopting: try unsafe valueOrErrno(openat(target.directory, target.pointer, flags, mode)))
    }
  }

  /// Sets the status flags that `F_SETFL` can change.
  ///
  /// The system call is `fcntl(F_SETFL)`.
  package borrowing func setStatusFlags(_ flags: OpenFlags) throws(Errno) {
    _ = try valueOrErrno(kernel: cl_set_status_flags(rawValue, flags.rawValue))
  }
}
