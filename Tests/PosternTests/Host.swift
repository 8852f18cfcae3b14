import CLinux
import CRawCalls
import Glibc
import HelperHarness

/// A socket connected to the one that listens at a path, as a user: who it is is told by the kernel.
func connected(_ path: String, as user: uid_t? = nil) throws -> CInt {
  let socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  let result = try withAddress(path) { address, size in
    try acting(as: user) { connect(socket, address, size) }
  }
  guard result == 0 else { throw HarnessError("connect \(path): errno \(errno)") }
  return socket
}

/// Calls `body` with the address of a Unix-domain socket.
func withAddress<Value>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Value) rethrows -> Value
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

/// Does something as a user and the group of the same number: by this thread alone, and with a way back.
private func acting<Value>(as user: uid_t?, _ body: () -> Value) throws -> Value {
  guard let user else { return body() }
  func become(_ id: uid_t, _ call: Int) -> Bool { rc_call(Int(call), -1, Int(id), -1, 0, 0) == 0 }
  guard become(user, Int(SYS_setresgid)), become(user, Int(SYS_setresuid)) else {
    throw HarnessError("can't be user \(user): errno \(errno)")
  }
  defer { _ = become(0, Int(SYS_setresuid)) && become(0, Int(SYS_setresgid)) }
  return body()
}

func text(_ path: String) throws -> String {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { throw HarnessError("\(path): errno \(errno)") }
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: 65_536)
  let count = read(file, &bytes, bytes.count)
  return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
}

/// The fields of a file like `/proc/PID/status`, their values with single spaces.
func fields(_ path: String) throws -> [String: String] {
  var fields: [String: String] = [:]
  for line in try text(path).split(separator: "\n") {
    let parts = line.split(separator: ":", maxSplits: 1)
    if let name = parts.first {
      fields[String(name)] = parts.dropFirst().joined().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
  }
  return fields
}

func link(_ path: String) -> String {
  var bytes = [CChar](repeating: 0, count: 4096)
  let count = readlink(path, &bytes, bytes.count)
  return String(decoding: bytes.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
