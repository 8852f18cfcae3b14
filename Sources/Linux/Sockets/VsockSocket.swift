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
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    let socket = Descriptor(adopting: try valueOrErrno(Glibc.socket(AF_VSOCK, type, 0)))
    var address = sockaddr_vm()
    address.svm_family = sa_family_t(AF_VSOCK)
    address.svm_cid = VMADDR_CID_ANY
    address.svm_port = port
    try unsafe withUnsafePointer(to: &address) { pointer throws(Errno) in
      let general = unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      _ = try unsafe valueOrErrno(bind(socket.rawValue, general, socklen_t(MemoryLayout<sockaddr_vm>.size)))
    }
    try socket.listen(waiting: .mostWaitingClients)
    return socket
  }
}
