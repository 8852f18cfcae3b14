import Glibc
import HelperHarness

/// The client's end: sends any bytes, and reads frames.
package final class Client: @unchecked Sendable {
  private var socket: CInt

  package init(_ socket: CInt) {
    self.socket = socket
    // A server that doesn't answer fails a test, rather than holding all of them up.
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { hangUp() }

  package func hangUp() {
    if socket >= 0 { close(socket) }
    socket = -1
  }

  /// Says that no further request comes.
  package func endRequests() {
    shutdown(socket, CInt(SHUT_WR))
  }

  /// Sends what the server has room for.
  ///
  /// - Returns: bytes; -1 where it has none.
  package func offer(_ bytes: [UInt8]) -> Int {
    Glibc.send(socket, bytes, bytes.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
  }

  package func send(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      sent += count
    }
  }

  /// Sends as many of these bytes as go without waiting.
  ///
  /// - Returns: how many.
  package func offer(_ bytes: ArraySlice<UInt8>) -> Int {
    max(
      0,
      bytes.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
      })
  }

  /// The next frame, or nil where there is none any more.
  package func receive() -> Answer? {
    guard let size = receive(4), let count = Bytes(size).u32(0), count >= 7, let rest = receive(Int(count) - 4) else {
      return nil
    }
    return Answer(type: rest[0], tag: UInt16(rest[1]) | UInt16(rest[2]) << 8, body: Bytes(Array(rest[3...])))
  }

  private func receive(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let read = bytes[done...].withUnsafeMutableBytes { recv(socket, $0.baseAddress, $0.count, 0) }
      guard read > 0 else { return nil }
      done += read
    }
    return bytes
  }

  /// Sends a message and reads its answer.
  package func call(_ message: NinePMessage, tag: UInt16 = 1) throws -> Answer {
    send(message.frame(tag: tag))
    guard let answer = receive() else { throw HarnessError("no answer to \(message)") }
    guard answer.tag == tag else { throw HarnessError("an answer with tag \(answer.tag) to \(message)") }
    return answer
  }

  /// The errno that a message is answered with; 0 where it is done.
  package func failure(_ message: NinePMessage) throws -> CInt {
    let answer = try call(message)
    return answer.type == 7 ? CInt(answer.body.u32(0) ?? 0) : 0
  }

  /// Sends a message that must be done.
  @discardableResult
  package func done(_ message: NinePMessage) throws -> Bytes {
    let answer = try call(message)
    guard answer.type == message.type + 1 else {
      throw HarnessError("\(message) is answered with type \(answer.type), errno \(answer.body.u32(0) ?? 0)")
    }
    return answer.body
  }

  /// Agrees upon the version.
  package func agree(messageSize: UInt32 = 65_536) throws {
    send(NinePMessage.version(messageSize, "9P2000.L").frame(tag: .max))
    guard receive()?.type == 101 else { throw HarnessError("no version") }
  }

  /// Begins a session: fid 0 is the root.
  package func start(messageSize: UInt32 = 65_536, user: UInt32 = .max) throws {
    try agree(messageSize: messageSize)
    try done(.attach(0, user: user))
  }
}

/// A reply.
package struct Answer {
  package let type: UInt8
  package let tag: UInt16
  package let body: Bytes
}

/// Bytes that numbers are read from.
package struct Bytes: Equatable {
  package let all: [UInt8]

  package init(_ all: [UInt8]) { self.all = all }

  package func number(_ offset: Int, _ count: Int) -> UInt64? {
    guard offset >= 0, offset + count <= all.count else { return nil }
    return (0..<count).reversed().reduce(0) { $0 << 8 | UInt64(all[offset + $1]) }
  }
  package func u16(_ offset: Int) -> UInt16? { number(offset, 2).map { UInt16($0) } }
  package func u32(_ offset: Int) -> UInt32? { number(offset, 4).map { UInt32($0) } }
  package func u64(_ offset: Int) -> UInt64? { number(offset, 8) }

  /// The data of an `Rread` or `Rreaddir`.
  package var data: [UInt8] { Array(all.dropFirst(4)) }
  /// The entries of an `Rreaddir`.
  package var entries: [(name: String, path: UInt64, next: UInt64, type: UInt8)] {
    var entries: [(name: String, path: UInt64, next: UInt64, type: UInt8)] = []
    var at = 4
    while let count = u16(at + 22), let path = u64(at + 5), let next = u64(at + 13) {
      let name = String(decoding: all[at + 24..<at + 24 + Int(count)], as: UTF8.self)
      entries.append((name, path, next, all[at + 21]))
      at += 24 + Int(count)
    }
    return entries
  }
}
