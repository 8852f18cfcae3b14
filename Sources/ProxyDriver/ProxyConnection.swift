package import Linux
package import ProxyProtocol
internal import SystemPackage
internal import Wire

/// The driver's end of a connection to a helper: one request at a time, as the protocol has it.
///
/// The helper isn't trusted: whatever it sends, the outcome is one that the protocol has for the request, or a
/// ``Failure``, and unexpected descriptors are closed.
package struct ProxyConnection: ~Copyable {
  private let socket: Descriptor
  private var request: [UInt8] = []
  // One byte more than any reply, so that one which goes on is seen to.
  private var reply = Buffer(capacity: Frame.maximumSize + 1)
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

  /// Why there is no reply. After any but ``unencodable`` the connection can't be used again.
  package enum Failure: Error, Equatable {
    /// The request doesn't fit a frame. Nothing was sent.
    case unencodable
    /// The helper ended before it had read the whole request, so it can't have acted on it.
    case unread
    /// The helper ended the connection.
    case closed
    /// The helper sent something that isn't a reply to the request.
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

  /// Shuts the socket down for every holder of it: the helper sees the end of the connection.
  package borrowing func shutDown() { socket.shutDown() }

  /// Sets how long ``exchange(_:)`` waits for a reply before it fails with `EAGAIN`; 0 waits for ever.
  package borrowing func setTimeout(seconds: Int) throws(Failure) {
    do throws(Errno) { try socket.setReceiveTimeout(seconds: seconds) } catch { throw .socket(error.rawValue) }
  }

  /// Sends a request and waits for its reply.
  package mutating func exchange(_ request: borrowing Request) throws(Failure) -> Outcome {
    do throws(Malformed) {
      try request.encode(into: &self.request)
    } catch {
      throw .unencodable
    }
    try send()
    var received = Received()
    guard request.type.replyForm != .descriptor else {
      try receive(Reply.descriptorSize, into: &received)
      return try descriptor(received)
    }
    try receive(Frame.headerSize, into: &received)
    guard let header = try? FrameHeader(reply.span(0..<Frame.headerSize)),
      header.size <= UInt32(Frame.maximumPayload), let type = ReplyType(rawValue: header.type)
    else { throw .nonsense }
    payloadCount = Int(header.size)
    try receive(Frame.headerSize + payloadCount, into: &received)
    guard received.count == Frame.headerSize + payloadCount, !received.hasDescriptor else { throw .nonsense }
    if type == .success && request.hasPayload { return .payload }
    guard let status = try? Reply.status(payload), type == .error ? status.isErrno : request.allows(status) else {
      throw .nonsense
    }
    return .status(status)
  }

  /// Sends the request, unless the helper has sent something unasked, which would be taken for the reply.
  private borrowing func send() throws(Failure) {
    do throws(Errno) {
      switch try socket.peek() {
      case .nothing: try socket.sendAll(request.span)
      case .something: throw Errno.protocolError
      case .closed: throw Errno.brokenPipe
      }
    } catch .brokenPipe, .connectionReset {
      throw .unread
    } catch .protocolError {
      throw .nonsense
    } catch {
      throw .socket(error.rawValue)
    }
  }

  /// The part of a reply that has been received.
  private struct Received: ~Copyable {
    /// Bytes.
    var count = 0
    var descriptor: Descriptor?
    /// Whether the kernel dropped a descriptor that was sent.
    var isCut = false

    var hasDescriptor: Bool {
      switch descriptor {
      case .some: true
      case nil: isCut
      }
    }
  }

  /// Receives until the reply has at least `count` bytes.
  private mutating func receive(_ count: Int, into received: inout Received) throws(Failure) {
    try Self.receive(count, of: &reply, into: &received, from: socket)
  }

  private static func receive(
    _ count: Int, of reply: inout Buffer, into received: inout Received, from socket: borrowing Descriptor
  ) throws(Failure) {
    while received.count < count {
      do throws(Errno) {
        var space = reply.mutableSpan(received.count..<reply.capacity)
        var message = try socket.receiveMessage(into: &space)
        guard message.count > 0 else { throw Errno.brokenPipe }
        received.count += message.count
        if message.isCut { received.isCut = true }
        if let descriptor = message.descriptor.take() {
          // The one that came before is closed by this.
          if received.hasDescriptor { received.isCut = true }
          received.descriptor = consume descriptor
        }
      } catch .connectionReset where received.count == 0 {
        // Unix-domain sockets say this where the peer closed with something unread.
        throw .unread
      } catch .connectionReset, .brokenPipe {
        throw .closed
      } catch {
        throw .socket(error.rawValue)
      }
    }
  }

  private borrowing func descriptor(_ received: consuming Received) throws(Failure) -> Outcome {
    guard received.count == Reply.descriptorSize, let word = try? Reply.status(reply.span(0..<Reply.descriptorSize))
    else {
      throw .nonsense
    }
    var received = received
    guard word == Frame.descriptorFollows else {
      guard word.isErrno, !received.hasDescriptor else { throw .nonsense }
      return .status(word)
    }
    let isCut = received.isCut
    switch received.descriptor.take() {
    case .some(let descriptor):
      guard !isCut else { throw .nonsense }
      return .descriptor(descriptor)
    case nil:
      // The kernel drops one that this process has no number left for. The connection goes on.
      guard isCut else { throw .nonsense }
      return .status(-Errno.tooManyOpenFiles.rawValue)
    }
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

  /// Whether a number can be what success is told with.
  fileprivate func allows(_ status: Int32) -> Bool {
    type.replyForm == .response ? status >= 0 : status == 0
  }
}

extension Int32 {
  /// Whether the kernel has such errnos, negated.
  fileprivate var isErrno: Bool { (-4095 ... -1).contains(self) }
}
