import Linux
import ProxyDriver
import ProxyProtocol
import SystemPackage

/// Paths, names and values as tests write them.
struct Bytes: ExpressibleByStringLiteral, Equatable {
  let raw: [UInt8]

  init(stringLiteral text: String) { raw = Array(text.utf8) }
  init(_ text: String) { raw = Array(text.utf8) }
  init(_ raw: [UInt8]) { self.raw = raw }
}

/// - Returns: a failure of this errno, with the connection as it was.
func refused(_ number: Int32) -> ProxyClient.Failure { .refused(Errno(rawValue: number)) }

extension ProxyClient {
  mutating func status(_ path: Bytes) throws(Failure) -> ProxyProtocol.FileStatus { try status(path.raw.span) }

  mutating func fileSystemStatus(_ path: Bytes) throws(Failure) -> ProxyProtocol.FileSystemStatus {
    try fileSystemStatus(path.raw.span)
  }

  mutating func generation(_ path: Bytes) throws(Failure) -> UInt64 { try generation(path.raw.span) }

  mutating func readLink(_ path: Bytes, room: Int = 5000) throws(Failure) -> Bytes {
    var buffer = [UInt8](repeating: 0, count: room)
    var span = buffer.mutableSpan
    let count = try readLink(path.raw.span, into: &span)
    return Bytes(Array(buffer.prefix(count)))
  }

  mutating func open(_ path: Bytes, flags: Int32) throws(Failure) -> Descriptor {
    try open(path.raw.span, flags: flags)
  }

  mutating func create(
    _ path: Bytes, flags: Int32, mode: UInt32 = 0o644, uid: UInt32 = 0, gid: UInt32 = 0
  ) throws(Failure) -> Descriptor {
    try create(path.raw.span, flags: flags, mode: mode, uid: uid, gid: gid)
  }

  mutating func makeNode(
    _ path: Bytes, mode: UInt32, device: UInt64 = 0, uid: UInt32 = 0, gid: UInt32 = 0
  ) throws(Failure) {
    try makeNode(path.raw.span, mode: mode, device: device, uid: uid, gid: gid)
  }

  mutating func makeDirectory(_ path: Bytes, mode: UInt32 = 0o755, uid: UInt32 = 0, gid: UInt32 = 0) throws(Failure) {
    try makeDirectory(path.raw.span, mode: mode, uid: uid, gid: gid)
  }

  mutating func makeSymbolicLink(
    _ path: Bytes, target: Bytes, uid: UInt32 = 0, gid: UInt32 = 0
  ) throws(Failure) {
    try makeSymbolicLink(path.raw.span, target: target.raw.span, uid: uid, gid: gid)
  }

  mutating func link(_ path: Bytes, as new: Bytes) throws(Failure) { try link(path.raw.span, as: new.raw.span) }

  mutating func rename(_ path: Bytes, to new: Bytes) throws(Failure) { try rename(path.raw.span, to: new.raw.span) }

  mutating func remove(_ path: Bytes) throws(Failure) { try remove(path.raw.span) }

  mutating func changeMode(_ path: Bytes, to mode: UInt32) throws(Failure) { try changeMode(path.raw.span, to: mode) }

  mutating func changeOwner(_ path: Bytes, uid: UInt32, gid: UInt32) throws(Failure) {
    try changeOwner(path.raw.span, uid: uid, gid: gid)
  }

  mutating func truncate(_ path: Bytes, to size: Int64) throws(Failure) { try truncate(path.raw.span, to: size) }

  mutating func setTimes(_ path: Bytes, access: ProxyProtocol.Time, modification: ProxyProtocol.Time) throws(Failure) {
    try setTimes(path.raw.span, access: access, modification: modification)
  }

  mutating func attribute(_ path: Bytes, name: Bytes, room: Int = 65_536) throws(Failure) -> Bytes {
    var buffer = [UInt8](repeating: 0, count: room)
    var span = buffer.mutableSpan
    let count = try attribute(path.raw.span, name: name.raw.span, into: &span)
    return Bytes(Array(buffer.prefix(count)))
  }

  mutating func attributes(_ path: Bytes, room: Int = 65_536) throws(Failure) -> Bytes {
    var buffer = [UInt8](repeating: 0, count: room)
    var span = buffer.mutableSpan
    let count = try attributes(path.raw.span, into: &span)
    return Bytes(Array(buffer.prefix(count)))
  }

  mutating func attributeSize(_ path: Bytes, name: Bytes) throws(Failure) -> Int {
    try attributeSize(path.raw.span, name: name.raw.span)
  }

  mutating func attributesSize(_ path: Bytes) throws(Failure) -> Int { try attributesSize(path.raw.span) }

  mutating func setAttribute(_ path: Bytes, name: Bytes, value: Bytes, flags: Int32 = 0) throws(Failure) {
    try setAttribute(path.raw.span, name: name.raw.span, value: value.raw.span, flags: flags)
  }

  mutating func removeAttribute(_ path: Bytes, name: Bytes) throws(Failure) {
    try removeAttribute(path.raw.span, name: name.raw.span)
  }
}
