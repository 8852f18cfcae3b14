internal import CLinux
internal import Glibc
package import SystemPackage

/// Two connected Unix-domain stream sockets, closed on exec. Neither is a standard stream, even where one was closed.
package struct SocketPair: ~Copyable {
  /// The end for the other process.
  package let theirs: Descriptor
  private let ours: Descriptor

  /// Makes the pair. The system calls are `socketpair` and `fcntl(F_DUPFD_CLOEXEC)`.
  package init() throws(Errno) {
    var ends: [CInt] = [-1, -1]
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    _ = try unsafe valueOrErrno(socketpair(AF_UNIX, type, 0, &ends))
    let one = Descriptor(adopting: ends[0])
    let other = Descriptor(adopting: ends[1])
    let ours = try one.movedFromStandardStreams()
    let theirs = try other.movedFromStandardStreams()
    self.ours = ours
    self.theirs = theirs
  }

  /// Keeps this process's end and closes the other.
  package consuming func keep() -> Descriptor { ours }
}
