internal import CLinux
internal import Glibc
package import SystemPackage

/// Where a socket is, as far as it says who may reach it and how.
package enum SocketAddress {
  /// A Unix-domain socket, by its name in the file system; nil where it has none: it is abstract, or of a pair.
  case unix(HostPath?)
  /// One of IPv4 or IPv6.
  case internet(host: String, port: UInt16)
  /// One of another family.
  case other
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
