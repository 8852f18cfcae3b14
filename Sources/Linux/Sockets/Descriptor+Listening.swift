internal import CLinux
internal import Glibc
package import SystemPackage

extension Descriptor {
  /// Listens with room for so many waiting clients, up to `net.core.somaxconn`. The system call is `listen`.
  package borrowing func listen(waiting clients: CInt = 1) throws(Errno) {
    _ = try valueOrErrno(Glibc.listen(rawValue, clients))
  }

  /// Waits for a client and accepts it. The system call is `accept4`.
  package borrowing func accept() throws(Errno) -> Descriptor {
    Descriptor(adopting: try valueOrErrno(accept4(rawValue, nil, nil, CInt(SOCK_CLOEXEC.rawValue))))
  }
}

extension CInt {
  /// The default of `net.core.somaxconn`: the most waiting clients that the kernel has room for.
  package static let mostWaitingClients: CInt = 4096
}
