internal import CLinux
internal import Glibc
package import SystemPackage

/// An option of a socket that can be read, `socket(7)`.
package enum SocketOption: Sendable {
  /// `SO_DOMAIN`, see ``unix``.
  case domain
  /// `SO_TYPE`, see ``stream``.
  case type
  /// `SO_ACCEPTCONN`: not 0 if the socket listens.
  case listens

  package static let unix = AF_UNIX
  package static let stream = CInt(SOCK_STREAM.rawValue)

  fileprivate var rawValue: CInt {
    switch self {
    case .domain: SO_DOMAIN
    case .type: SO_TYPE
    case .listens: SO_ACCEPTCONN
    }
  }
}

extension Descriptor {
  /// Reads an option. The system call is `getsockopt`.
  package borrowing func option(_ option: SocketOption) throws(Errno) -> CInt {
    var value: CInt = 0
    var size = socklen_t(MemoryLayout<CInt>.size)
    _ = try unsafe valueOrErrno(getsockopt(rawValue, SOL_SOCKET, option.rawValue, &value, &size))
    return value
  }
}
