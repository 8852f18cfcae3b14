internal import Glibc
internal import Linux
internal import ProxyProtocol
internal import SystemPackage

/// The replies to a stream of requests, each of which must be there, in its form, and nothing else.
struct Replies: ~Copyable {
  private let client: Descriptor
  private let top: Top
  // What was read last. A header's payload takes the header's place.
  private var buffer = Buffer(capacity: Frame.maximumPayload)
  private var count = 0

  /// Replies to read from a client's socket. The export is the directory `root`, and in it are less than `depth`
  /// directories one in another.
  init(from client: consuming Descriptor, within root: Linux.FileStatus, depth: Int) {
    self.client = client
    top = Top(root, depth: depth)
  }

  /// Reads all of them, to the socket's end.
  mutating func check(against stream: Span<UInt8>) {
    var rest = stream
    while let header = try? FrameHeader(rest), header.size <= UInt32(Frame.maximumPayload) {
      let size = Frame.headerSize + Int(header.size)
      guard rest.count >= size, let type = RequestType(rawValue: header.type) else { break }
      checkReply(to: type, rest.extracting(Frame.headerSize..<size))
      rest = rest.extracting(droppingFirst: size)
    }
    receive(1)
    if count > 0 { violated("bytes follow the last reply") }
  }

  private mutating func checkReply(to type: RequestType, _ request: Span<UInt8>) {
    let status = type.replyForm == .descriptor ? descriptor(of: type) : answer(to: type)
    if let status, status < -4095 { violated("\(type): \(status) is no errno") }
    if (try? Request(type, payload: request)) != nil { return }
    // It must have failed, and not in the file system.
    guard let status, status == -EINVAL || status == -ENOBUFS else {
      violated("\(type): what can't be decoded is answered with \(status ?? 0)")
    }
  }

  /// - Returns: a negative errno, or nil for a descriptor.
  private mutating func descriptor(of type: RequestType) -> Int32? {
    let received = receiveDescriptor()
    guard let word = number(in: 0..<count) else { violated("\(type): a reply of \(count) bytes") }
    guard word == Frame.descriptorFollows else {
      if word >= 0 || received != nil { violated("\(type): \(word), descriptor \(received ?? -1)") }
      return word
    }
    guard let received else { violated("\(type): no descriptor") }
    let opened = Descriptor(adopting: received)
    guard let status = try? opened.status() else { violated("\(type): a descriptor without a status") }
    if status.device != top.root.device { violated("\(type): a file of another file system") }
    switch status.kind {
    case .regular: break
    case .directory: top.check(above: opened)
    default: violated("\(type): a descriptor of mode \(String(status.mode, radix: 8))")
    }
    return nil
  }

  /// - Returns: the status, or nil for a value.
  private mutating func answer(to type: RequestType) -> Int32? {
    receive(Frame.headerSize)
    guard let header = try? FrameHeader(buffer.span(0..<count)), header.size <= UInt32(Frame.maximumPayload) else {
      violated("\(type): no header, or one of more bytes than there can be")
    }
    receive(Int(header.size))
    if count != header.size { violated("\(type): the reply ends after \(count) of \(header.size) bytes") }
    let status = number(in: 0..<count)
    switch ReplyType(rawValue: header.type) {
    case .error:
      guard let status, status < 0 else { violated("\(type): an error of \(count) bytes, \(status ?? 0)") }
      return status
    case .success:
      if !isSuccess(status, of: type) { violated("\(type): success of \(count) bytes, \(status ?? 0)") }
      return type.replyForm == .status ? status : nil
    case nil: violated("\(type): a reply of type \(header.type)")
    }
  }

  private func isSuccess(_ status: Int32?, of type: RequestType) -> Bool {
    switch type {
    case .status: count == ProxyProtocol.FileStatus.size
    case .fileSystemStatus: count == ProxyProtocol.FileSystemStatus.size
    case .getVersion: count == 8
    case .readLink: isValue
    case .getAttribute, .listAttributes: isValue || (status ?? -1) >= 0
    default: status == 0
    }
  }

  private var isValue: Bool {
    let bytes = buffer.span(0..<count)
    return count >= 2 && count - 2 == Int(bytes[0]) | Int(bytes[1]) << 8
  }

  /// The number that is all of these bytes.
  private func number(in range: Range<Int>) -> Int32? {
    let bytes = buffer.span(range)
    guard bytes.count == 4 else { return nil }
    return Int32(bitPattern: bytes.indices.reversed().reduce(0) { $0 << 8 | UInt32(bytes[$1]) })
  }

  /// Reads so many bytes, or fewer where no more come.
  private mutating func receive(_ wanted: Int) {
    let received = Self.receive(wanted, into: &buffer, from: client)
    if received.descriptor != nil { violated("a descriptor beside a reply that has none") }
    count = received.count
  }

  /// Reads the one word of such a reply, and what came beside it.
  private mutating func receiveDescriptor() -> CInt? {
    let received = Self.receive(Reply.descriptorSize, into: &buffer, from: client)
    count = received.count
    return received.descriptor
  }

  private static func receive(
    _ wanted: Int, into buffer: inout Buffer, from client: borrowing Descriptor
  ) -> (count: Int, descriptor: CInt?) {
    var count = 0
    var descriptor: CInt?
    while count < wanted {
      do throws(Errno) {
        var space = buffer.mutableSpan(count..<wanted)
        let received = try client.receiveWithDescriptor(into: &space)
        guard received.count > 0 else { break }
        count += received.count
        if let more = received.descriptor {
          if descriptor != nil { violated("a second descriptor") }
          descriptor = more
        }
      } catch .interrupted {
        // libFuzzer's clock.
        continue
      } catch {
        break
      }
    }
    return (count, descriptor)
  }
}
