import CLinux
import Glibc

/// A front end of vhost-user, as a VMM is one. It sends whatever it is told to.
public final class VhostFrontEnd {
  public let socket: CInt
  /// Features that are negotiated by ``begin(features:)``.
  public static let version1: UInt64 = 1 << 32
  public static let protocolFeatures: UInt64 = 1 << 30
  public static let eventIndex: UInt64 = 1 << 29
  public static let indirect: UInt64 = 1 << 28

  /// Takes over a connected socket.
  public init(_ socket: CInt) {
    self.socket = socket
    var timeout = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(socket) }

  /// Sends a message, with descriptors beside it.
  ///
  /// - Returns: whether it was taken.
  @discardableResult
  public func send(
    _ request: UInt32, _ payload: [UInt8] = [], descriptors: [CInt] = [], needsReply: Bool = false,
    flags: UInt32? = nil,
    size: UInt32? = nil
  ) -> Bool {
    var bytes: [UInt8] = []
    let words: [UInt32] = [request, flags ?? (needsReply ? 9 : 1), size ?? UInt32(payload.count)]
    for word in words { bytes += Self.bytes(word) }
    bytes += payload
    return cl_send_packet(socket, bytes, bytes.count, descriptors, UInt32(descriptors.count)) == bytes.count
  }

  /// Receives a reply's payload; nil where the connection has ended, or none comes.
  public func receive(of request: UInt32) -> [UInt8]? {
    guard let header = receive(count: 12) else { return nil }
    let words = (0..<3).map { word in
      header.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4 * word, as: UInt32.self) }
    }
    guard words[0] == request, words[1] == 5 else { return nil }
    return receive(count: Int(words[2]))
  }

  private func receive(count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var got = 0
    while got < count {
      let read = bytes.withUnsafeMutableBytes { recv(socket, $0.baseAddress! + got, count - got, 0) }
      guard read > 0 else { return nil }
      got += read
    }
    return bytes
  }

  /// Whether the back end has ended the connection.
  public var isClosed: Bool {
    var byte: UInt8 = 0
    return recv(socket, &byte, 1, 0) == 0
  }

  public func number(of request: UInt32) -> UInt64? {
    send(request)
    return receive(of: request).map(Self.number)
  }

  /// Sends a message, and returns whether the back end says that it was done.
  public func acknowledged(_ request: UInt32, _ payload: [UInt8], descriptors: [CInt] = []) -> Bool {
    send(request, payload, descriptors: descriptors, needsReply: true)
    return receive(of: request).map(Self.number) == 0
  }

  public static func bytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
  public static func bytes(_ values: [UInt64]) -> [UInt8] { values.flatMap { bytes($0) } }
  public static func state(_ index: UInt32, _ number: UInt32) -> [UInt8] { bytes(index) + bytes(number) }
  private static func number(_ bytes: [UInt8]) -> UInt64 {
    bytes.count == 8 ? bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) } : .max
  }

  /// Says which features both have, as QEMU does.
  public func begin(features: UInt64 = version1 | protocolFeatures | eventIndex | indirect) {
    _ = number(of: 1)
    let offered = number(of: 15) ?? 0
    send(16, Self.bytes(offered))
    send(3)
    send(2, Self.bytes(features))
  }

  /// Sends the memory, and starts a ring in it.
  ///
  /// - Returns: whether the back end says that all was done.
  public func start(_ ring: GuestRing, index: UInt32 = 0, base: UInt32 = 0) -> Bool {
    let memory = ring.memory
    let region = Self.bytes([memory.guestAddress, UInt64(memory.size), memory.userAddress, 0])
    var done = acknowledged(5, Self.state(1, 0) + region, descriptors: [memory.descriptor])
    done = acknowledged(8, Self.state(index, UInt32(ring.size))) && done
    done = acknowledged(10, Self.state(index, base)) && done
    done = acknowledged(9, address(of: ring, index: index)) && done
    done = acknowledged(14, Self.bytes(UInt64(index)), descriptors: [ring.error]) && done
    done = acknowledged(13, Self.bytes(UInt64(index)), descriptors: [ring.call]) && done
    done = acknowledged(12, Self.bytes(UInt64(index)), descriptors: [ring.kick]) && done
    return acknowledged(18, Self.state(index, 1)) && done
  }

  public func address(of ring: GuestRing, index: UInt32) -> [UInt8] {
    let user = ring.memory.userAddress
    return Self.state(index, 0)
      + Self.bytes([user + UInt64(ring.descriptors), user + UInt64(ring.used), user + UInt64(ring.available), 0])
  }

  /// Stops a ring.
  ///
  /// - Returns: its next index.
  public func stop(index: UInt32 = 0) -> UInt32? {
    send(18, Self.state(index, 0))
    send(11, Self.state(index, 0))
    return receive(of: 11).map { $0.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self) } }
  }
}
