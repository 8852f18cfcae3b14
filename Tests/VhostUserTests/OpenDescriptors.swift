import Glibc

/// The descriptors of this process, and those that are passed to another.
enum OpenDescriptors {
  static var count: Int {
    (0..<2048).reduce(0) { $0 + (fcntl(CInt($1), F_GETFD) >= 0 ? 1 : 0) }
  }

  /// Sends bytes with any number of descriptors beside the first one.
  static func send(_ bytes: [UInt8], _ passed: [CInt], on socket: CInt) -> Bool {
    var bytes = bytes
    let size = 16 + 4 * passed.count
    var control = [UInt64](repeating: 0, count: size / 8 + 1)
    return bytes.withUnsafeMutableBytes { bytes in
      control.withUnsafeMutableBytes { control in
        control.storeBytes(of: size, as: Int.self)
        control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: CInt.self)
        // SCM_RIGHTS.
        control.storeBytes(of: 1, toByteOffset: 12, as: CInt.self)
        for (index, descriptor) in passed.enumerated() {
          control.storeBytes(of: descriptor, toByteOffset: 16 + 4 * index, as: CInt.self)
        }
        var vector = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        return withUnsafeMutablePointer(to: &vector) { vector in
          var message = msghdr()
          message.msg_iov = vector
          message.msg_iovlen = 1
          if !passed.isEmpty {
            message.msg_control = control.baseAddress
            message.msg_controllen = size
          }
          return sendmsg(socket, &message, 0) == bytes.count
        }
      }
    }
  }
}
