internal import CLinux
internal import Glibc
package import SystemPackage

extension Descriptor {
  /// Returns true if the socket has a peer. The system call is `getpeername`.
  package borrowing func isConnected() throws(Errno) -> Bool {
    var address = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return try unsafe withUnsafeMutablePointer(to: &address) { pointer throws(Errno) in
      let general = unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      do throws(Errno) {
        _ = try unsafe valueOrErrno(getpeername(rawValue, general, &size))
        return true
      } catch .socketNotConnected {
        return false
      }
    }
  }
}
