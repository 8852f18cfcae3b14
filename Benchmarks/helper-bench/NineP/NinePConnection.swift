import Glibc
import NinePProtocol
import Wire

/// A client's connection: whole requests out, whole replies in.
final class NinePConnection {
  let server: String
  let socket: CInt
  /// What the server agreed to, `msize`.
  private(set) var messageSize = MessageSize.beforeVersion
  // Never moved: replies are looked at where they arrived.
  private let inbox = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: NinePConnection.largest + 65_536)
  /// What has arrived and wasn't looked at.
  private var arrived = 0..<0

  /// What is asked for as `msize`, which is as much as any server here agrees to.
  static let largest = 1 << 20

  /// Takes a connected socket over, and agrees with the server on a version.
  init(_ server: String, _ socket: CInt) throws(Failure) {
    self.server = server
    self.socket = socket
    // Ends a benchmark whose server has stopped answering.
    var limit = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    messageSize = try agree()
    guard (MessageSize.smallest...UInt32(Self.largest)).contains(messageSize) else {
      throw Failure("\(server) agrees to messages of \(messageSize) bytes")
    }
  }

  deinit {
    close(socket)
    inbox.deallocate()
  }

  /// Waits until something has arrived.
  func receive() throws(Failure) {
    if arrived.isEmpty { arrived = 0..<0 }
    if inbox.count - arrived.upperBound < Self.largest {
      let moved = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: inbox[..<arrived.count]))
      moved.copyMemory(from: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(inbox)[arrived])))
      arrived = 0..<arrived.count
    }
    let room = UnsafeMutableBufferPointer(rebasing: inbox[arrived.upperBound...])
    let count = recv(socket, room.baseAddress, room.count, 0)
    guard count > 0 else { throw Failure("\(server) gives no answer (\(count))", errno: count < 0 ? errno : 0) }
    arrived = arrived.lowerBound..<arrived.upperBound + count
  }

  /// Takes the first reply that has arrived; it stays where it is until the next ``receive()``.
  ///
  /// - Returns: nil where none is whole.
  func next() throws(Failure) -> NinePReply? {
    let bytes = UnsafeBufferPointer(rebasing: UnsafeBufferPointer(inbox)[arrived])
    guard let header = try? FrameHeader(bytes.span) else { return nil }
    guard let size = header.frameSize(limit: messageSize) else {
      throw Failure("\(server) sends a message of \(header.size) bytes")
    }
    guard size <= bytes.count else { return nil }
    arrived = arrived.lowerBound + size..<arrived.upperBound
    return NinePReply(
      header: header, body: UnsafeBufferPointer(rebasing: bytes[Frame.headerSize..<size]), server: server)
  }

  /// Sends a request: each by itself, as Linux's client does.
  func send(_ bytes: UnsafeBufferPointer<UInt8>) throws(Failure) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.send(socket, rest.baseAddress, rest.count, CInt(MSG_NOSIGNAL))
      guard count > 0 else { throw Failure("can't send to \(server)", errno: errno) }
      rest = UnsafeBufferPointer(rebasing: rest[count...])
    }
  }
}

/// One whole reply, as it arrived.
struct NinePReply {
  let header: FrameHeader
  let body: UnsafeBufferPointer<UInt8>
  let server: String

  /// Decodes it.
  ///
  /// - Parameter check: says whether it is as it should be; a refusal never is.
  func check(_ name: String, _ check: (borrowing Reply) -> Bool) throws(Failure) {
    let reply: Reply
    do throws(Malformed) {
      reply = try Reply(header.type, body: body.span)
    } catch {
      throw Failure("\(server) answers \(name) with what is no reply: \(error)")
    }
    if case .error(let number) = reply {
      throw Failure("\(server) refuses \(name)", errno: CInt(truncatingIfNeeded: number.rawValue))
    }
    guard check(reply) else { throw Failure("\(server) answers \(name) otherwise than it should") }
  }
}
