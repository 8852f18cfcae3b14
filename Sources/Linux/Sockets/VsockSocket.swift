internal import CLinux
internal import Glibc
package import SystemPackage

/// Sockets between virtual machines and their host, `vsock(7)`.
package enum VsockSocket {
  /// Makes a socket that listens at a port, for any machine that can reach this one.
  ///
  /// The system calls are `socket`, `bind` and `listen`.
  /// - Throws: `EAFNOSUPPORT` if the kernel has no such sockets.
  package static func listen(port: UInt32) throws(Errno) -> Descriptor {
    let socket = try make()
    try unsafe withAddress(machine: VMADDR_CID_ANY, port: port) { address, size throws(Errno) in
      _ = try unsafe valueOrErrno(bind(socket.rawValue, address, size))
    }
    try socket.listen(waiting: .mostWaitingClients)
    return socket
  }

  /// Connects to a port of a machine: 2 is the host, 1 this machine. The system calls are `socket` and `connect`.
  ///
  /// - Throws: `EAFNOSUPPORT` if the kernel has no such sockets, `ENODEV` if no transport leads there, `ECONNRESET` if
  ///   nobody listens.
  package static func connect(machine: UInt32, port: UInt32) throws(Errno) -> Descriptor {
    let socket = try make()
    try unsafe withAddress(machine: machine, port: port) { address, size throws(Errno) in
      _ = try unsafe valueOrErrno(Glibc.connect(socket.rawValue, address, size))
    }
    return socket
  }

  private static func make() throws(Errno) -> Descriptor {
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    return Descriptor(adopting: try valueOrErrno(Glibc.socket(AF_VSOCK, type, 0)))
  }

  private static func withAddress(
    machine: UInt32, port: UInt32, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(Errno) -> Void
  ) throws(Errno) {
    var address = sockaddr_vm()
    address.svm_family = sa_family_t(AF_VSOCK)
    address.svm_cid = machine
    address.svm_port = port
    try unsafe withUnsafePointer(to: &address) { pointer throws(Errno) in
      let general = unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      try unsafe body(general, socklen_t(MemoryLayout<sockaddr_vm>.size))
    }
  }
}
