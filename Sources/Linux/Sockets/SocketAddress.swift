internal import CLinux
internal import Glibc
package import SystemPackage

/// Where a socket is, as far as it says who may reach it and how.
package enum SocketAddress {
  /// A Unix-domain socket, by its name in the file system; nil where it has none: it is abstract, or of a pair.
  case unix(HostPath?)
  /// One of IPv4 or IPv6.
  case internet(host: String, port: UInt16)
  /// One of a virtual machine, or of the host of this one.
  case vsock(machine: UInt32, port: UInt32)
  /// One of another family.
  case other
}

/// A connection that was accepted.
package struct AcceptedSocket: ~Copyable {
  private let socket: Descriptor
  /// Where its peer is. A name that a Unix-domain peer has bound is left out.
  package let peer: SocketAddress

  fileprivate init(_ socket: consuming Descriptor, from peer: SocketAddress) {
    self.socket = socket
    self.peer = peer
  }

  /// Keeps the socket alone.
  package consuming func keepSocket() -> Descriptor { socket }
}

extension Descriptor {
  /// The socket's own address. The system call is `getsockname`.
  package borrowing func address() throws(Errno) -> SocketAddress {
    var address = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return try unsafe withUnsafeMutablePointer(to: &address) { pointer throws(Errno) in
      let general = unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      _ = try unsafe valueOrErrno(getsockname(rawValue, general, &size))
      return unsafe SocketAddress(UnsafeRawPointer(pointer), size: Int(size))
    }
  }
}

extension Descriptor {
  /// Waits for a client. The system call is `accept4`.
  package borrowing func acceptWithAddress() throws(Errno) -> AcceptedSocket {
    var address = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let (number, peer) = try unsafe withUnsafeMutablePointer(to: &address) { pointer throws(Errno) in
      let general = unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      let number = try unsafe valueOrErrno(accept4(rawValue, general, &size, CInt(SOCK_CLOEXEC.rawValue)))
      // A path is kept for good, so that a client's own would be memory for it to use up.
      let isUnix = unsafe CInt(general.pointee.sa_family) == AF_UNIX
      return (
        number, isUnix ? SocketAddress.unix(nil) : unsafe SocketAddress(UnsafeRawPointer(pointer), size: Int(size))
      )
    }
    return AcceptedSocket(Descriptor(adopting: number), from: peer)
  }
}

extension SocketAddress {
  /// - Parameters:
  ///   - pointer: what the kernel has stored, where there is room for any address.
  ///   - size: bytes of it.
  fileprivate init(_ pointer: UnsafeRawPointer, size: Int) {
    switch CInt(unsafe pointer.load(as: sa_family_t.self)) {
    case AF_UNIX:
      let start = MemoryLayout<sa_family_t>.size
      let field = unsafe UnsafeRawBufferPointer(start: pointer + start, count: max(0, size - start))
      // An abstract name begins with a NUL, and one in the file system may end without.
      let name = unsafe Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(rebasing: field.prefix { $0 != 0 }))
      self = .unix(name.isEmpty ? nil : HostPath(lasting: name))
    case AF_INET:
      var address = unsafe pointer.load(as: sockaddr_in.self)
      self = .internet(
        host: unsafe Self.text(AF_INET, &address.sin_addr), port: UInt16(bigEndian: address.sin_port))
    case AF_INET6:
      var address = unsafe pointer.load(as: sockaddr_in6.self)
      self = .internet(
        host: unsafe Self.text(AF_INET6, &address.sin6_addr), port: UInt16(bigEndian: address.sin6_port))
    case AF_VSOCK:
      let address = unsafe pointer.load(as: sockaddr_vm.self)
      self = .vsock(machine: address.svm_cid, port: address.svm_port)
    default: self = .other
    }
  }

  private static func text(_ family: CInt, _ address: UnsafeRawPointer) -> String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    // It fails for unknown families and lack of room only.
    guard let text = unsafe inet_ntop(family, address, &text, socklen_t(text.count)) else { return "" }
    return unsafe String(cString: text)
  }
}
