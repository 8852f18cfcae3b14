internal import Linux
internal import SystemPackage

/// Carries bytes between a virtio serial port and a socket. The kernel's 9P client reads sockets and pipes, but no
/// character devices.
final class PortRelay: Sendable {
  private let port: Descriptor
  private let socket: Descriptor

  init(port: consuming Descriptor, socket: consuming Descriptor) {
    self.port = port
    self.socket = socket
  }

  /// Carries what the server sends, until its end.
  func carryDown() {
    var buffer = Buffer(capacity: Self.room)
    do throws(Errno) {
      while true {
        var bytes = buffer.mutableSpan(0..<Self.room)
        let count = try port.readNext(into: &bytes)
        guard count > 0 else { break }
        try socket.send(buffer.span(0..<count))
      }
    } catch {
      // Either end has gone, which the other learns below.
    }
    socket.shutDown()
  }

  /// Carries what the kernel's client sends, until it has unmounted.
  func carryUp() {
    var buffer = Buffer(capacity: Self.room)
    do throws(Errno) {
      while true {
        var bytes = buffer.mutableSpan(0..<Self.room)
        let count = try socket.receive(into: &bytes)
        guard count > 0 else { break }
        try port.writeNext(buffer.span(0..<count))
      }
    } catch {
      // Either end has gone, which the other learns below.
    }
    socket.shutDown()
  }

  private static let room = 1 << 16
}
