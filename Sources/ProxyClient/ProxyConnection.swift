package import Linux
package import ProxyProtocol
internal import SystemPackage

/// The driver's end of a connection to a helper: one request at a time, as the protocol has it.
package struct ProxyConnection: ~Copyable {
  private let socket: Descriptor
  private var request: [UInt8] = []
  private var reply = Buffer(capacity: Frame.maximumSize)
  private var payloadCount = 0

  /// What came back.
  package enum Outcome: ~Copyable {
    /// 0, a negative errno, or the length that was asked for.
    case status(Int32)
    /// An answer, which ``ProxyConnection/payload`` has.
    case payload
    /// An open file.
    case descriptor(Descriptor)
  }

  /// Why there was no reply. The connection is of no use then.
  package enum Failure: Error, Equatable {
    /// The request can't be said on the wire.
    case unsayable
    /// The helper has gone.
    case closed
    /// The helper sent what is no reply.
    case nonsense
    /// The socket failed, with this errno.
    case socket(Int32)
  }

  /// Speaks to the helper at the other end of a connected socket.
  package init(adopting socket: consuming Descriptor) {
    self.socket = socket
    request.reserveCapacity(Frame.maximumSize)
  }

  /// The answer to the last request, without its header.
  package var payload: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get { reply.span(Frame.headerSize..<Frame.headerSize + payloadCount) }
  }

  /// Sends a request and waits for its reply.
  package mutating func exchange(_ request: borrowing Request) throws(Failure) -> Outcome {
    do throws(Malformed) {
      try request.encode(into: &self.request)
    } catch {
      throw .unsayable
    }
    do throws(Errno) {
      try socket.send(self.request.span)
    } catch {
      throw Failure(error)
    }
    if request.type.replyForm == .descriptor { return try receiveDescriptor() }
    try receive(0..<Frame.headerSize)
    let header: FrameHeader
    do throws(Malformed) {
      header = try FrameHeader(reply.span(0..<Frame.headerSize))
    } catch {
      throw .nonsense
    }
    guard header.size <= UInt32(Frame.maximumPayload), let type = ReplyType(rawValue: header.type) else {
      throw .nonsense
    }
    payloadCount = Int(header.size)
    try receive(Frame.headerSize..<Frame.headerSize + payloadCount)
    if type == .success && request.hasPayload { return .payload }
    guard let status = Int32(payload) else { throw .nonsense }
    return .status(status)
  }

  private mutating func receive(_ range: Range<Int>) throws(Failure) {
    try Self.receive(range, of: &reply, from: socket)
  }

  private static func receive(
    _ range: Range<Int>, of buffer: inout Buffer, from socket: borrowing Descriptor
  ) throws(Failure) {
    var start = range.lowerBound
    while start < range.upperBound {
      let count: Int
      do throws(Errno) {
        var space = buffer.mutableSpan(start..<range.upperBound)
        count = try socket.receive(into: &space)
      } catch .interrupted {
        continue
      } catch {
        throw Failure(error)
      }
      guard count > 0 else { throw .closed }
      start += count
    }
  }

  private mutating func receiveDescriptor() throws(Failure) -> Outcome {
    let received = try Self.receiveWithDescriptor(into: &reply, from: socket)
    let descriptor = received.descriptor.map { Descriptor(adopting: $0) }
    guard received.count > 0 else { throw .closed }
    try receive(received.count..<Reply.descriptorSize)
    guard let word = Int32(reply.span(0..<Reply.descriptorSize)) else { throw .nonsense }
    guard word == Frame.descriptorFollows else { return .status(word) }
    guard let descriptor else { throw .nonsense }
    return .descriptor(descriptor)
  }

  private static func receiveWithDescriptor(
    into buffer: inout Buffer, from socket: borrowing Descriptor
  ) throws(Failure) -> (count: Int, descriptor: CInt?) {
    do throws(Errno) {
      var space = buffer.mutableSpan(0..<Reply.descriptorSize)
      return try socket.receiveWithDescriptor(into: &space)
    } catch {
      throw Failure(error)
    }
  }
}

extension ProxyConnection.Failure {
  fileprivate init(_ error: Errno) {
    self = error == .connectionReset || error == .brokenPipe ? .closed : .socket(error.rawValue)
  }
}

extension Request {
  /// Whether success is more than a number.
  fileprivate var hasPayload: Bool {
    switch self {
    case .getAttribute(_, _, let size), .listAttributes(_, let size): size != 0
    default: type.replyForm == .response
    }
  }
}

extension Int32 {
  /// A number that is all of these bytes.
  fileprivate init?(_ bytes: Span<UInt8>) {
    guard bytes.count == 4 else { return nil }
    let value = UInt32(bytes[0]) | UInt32(bytes[1]) << 8 | UInt32(bytes[2]) << 16 | UInt32(bytes[3]) << 24
    self.init(bitPattern: UInt32(littleEndian: value))
  }
}
