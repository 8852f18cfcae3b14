import CLinux
import CRawCalls
import Glibc
import HelperHarness

/// A socket connected to the one that listens at a path, as a user: who it is is told by the kernel.
package func connected(_ path: String, as user: uid_t? = nil, groups: [gid_t] = []) throws -> CInt {
  let socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  let result = try withAddress(path) { address, size in
    try acting(as: user, groups: groups) { connect(socket, address, size) }
  }
  guard result == 0 else { throw HarnessError("connect \(path): errno \(errno)") }
  return socket
}

/// Calls `body` with the address of a Unix-domain socket.
package func withAddress<Value>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Value) rethrows
  -> Value
{
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  withUnsafeMutableBytes(of: &address.sun_path) { field in
    for (index, byte) in path.utf8.enumerated() where index < field.count - 1 { field[index] = byte }
  }
  return try withUnsafePointer(to: &address) { pointer in
    try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
      try body(general, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
}

/// Does something as a user, the group of the same number and other groups: by this thread alone, and with a way back.
package func acting<Value>(as user: uid_t?, groups: [gid_t] = [], _ body: () throws -> Value) throws -> Value {
  guard let user else { return try body() }
  func become(_ id: uid_t, _ call: Int) -> Bool { rc_call(Int(call), -1, Int(id), -1, 0, 0) == 0 }
  func set(_ groups: [gid_t]) -> Bool {
    groups.withUnsafeBufferPointer { rc_call(Int(SYS_setgroups), $0.count, Int(bitPattern: $0.baseAddress), 0, 0, 0) }
      == 0
  }
  var own = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
  _ = getgroups(CInt(own.count), &own)
  guard set(groups), become(user, Int(SYS_setresgid)), become(user, Int(SYS_setresuid)) else {
    throw HarnessError("can't be user \(user): errno \(errno)")
  }
  defer { _ = become(0, Int(SYS_setresuid)) && become(0, Int(SYS_setresgid)) && set(own) }
  return try body()
}
