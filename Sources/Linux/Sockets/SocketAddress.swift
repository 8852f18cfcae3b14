internal import CLinux
internal import Glibc
package import SystemPackage

/// The address of a socket.
package enum SocketAddress {
  /// A Unix-domain socket and its name in the file system; nil if it has none: it is abstract, or of a pair.
  case unix(HostPath?)
  /// IPv4 or IPv6.
  case internet(host: String, port: UInt16)
  /// A virtual machine, or its host.
  case vsock(machine: UInt32, port: UInt32)
  /// Another family.
  case other
}

extension Descriptor {
  /// Returns the socket's own address. The system call is `getsockname`.
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

extension SocketAddress {
  /// - Parameters:
  ///   - pointer: an address that the kernel has stored, with room for any other.
  ///   - size: the number of bytes.
  init(_ pointer: UnsafeRawPointer, size: Int) {
    switch CInt(unsafe pointer.load(as: sa_family_t.self)) {
    case AF_UNIX:
      let start = MemoryLayout<sa_family_t>.size
      let field = unsafe UnsafeRawBufferPointer(start: pointer + start, count: max(0, size - start))
      // An abstract name begins with a NUL; a path may end without one.
      let name = unsafe Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(rebasing: field.prefix { $0 != 0 }))
      self = .unix(name.isEmpty ? nil : HostPath(lasting: name))
    case AF_INET:
      var address = unsafe pointer.load(as: sockaddr_in.self)
      self = .internet(
        host: unsafe Self.text(AF_INET, address: &address.sin_addr), port: UInt16(bigEndian: address.sin_port))
    case AF_INET6:
      var address = unsafe pointer.load(as: sockaddr_in6.self)
      self = .internet(
        host: unsafe Self.text(AF_INET6, address: &address.sin6_addr), port: UInt16(bigEndian: address.sin6_port))
    case AF_VSOCK:
      let address = unsafe pointer.load(as: sockaddr_vm.self)
      self = .vsock(machine: address.svm_cid, port: address.svm_port)
    default: self = .other
    }
  }

  private static func text(_ family: CInt, address: UnsafeRawPointer) -> String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    // It fails only for unknown families and lack of room.
    guard let text = unsafe inet_ntop(family, address, &text, socklen_t(text.count)) else { return "" }
    return unsafe String(cString: text)
  }
}
