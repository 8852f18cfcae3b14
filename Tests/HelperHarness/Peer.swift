import Glibc
import Linux
package import ProxyProtocol

/// A helper that is asked, and the test's end of its socket.
package struct Peer: ~Copyable {
  package let name: String
  package let process: Spawned
  private let socket: Descriptor
  /// What the helper wrote.
  package let log: Output

  /// Why there was no answer.
  package enum Silence: Error {
    /// The helper has gone, or is stuck.
    case none(String)
  }

  package init(_ name: String, _ program: String, serving directory: String) throws {
    let log = try Output()
    try self.init(name, RunningHelper(program, serving: directory, output: log), log)
  }

  /// Starts ours in this way.
  ///
  /// - Parameter subordinates: what nobody may hand out to guests, where that is who it runs as.
  package init(
    _ start: Start, serving directory: String, _ options: [String] = [], subordinates: Subordinates? = nil
  ) throws {
    let log = try Output()
    let helper = try RunningHelper(start, serving: directory, options, subordinates: subordinates, output: log)
    try self.init("helper", helper, log)
  }

  private init(_ name: String, _ helper: consuming RunningHelper, _ log: Output) throws {
    var helper = helper
    let socket = try helper.takeSocket()
    // Nobody is kept waiting: a helper that doesn't answer for this long is stuck.
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(socket.rawValue, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    self.name = name
    process = helper.process
    self.socket = socket
    self.log = log
  }

  /// Sends a request and waits for its answer.
  package borrowing func ask(_ message: Message) throws -> Answer {
    try send(message.frame)
    return try receive(message.type.replyForm)
  }

  package borrowing func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(socket.rawValue, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
      }
      guard count > 0 else {
        guard errno != EPIPE else { throw silence(0) }
        throw Silence.none("\(name): send: errno \(errno)")
      }
      sent += count
    }
  }

  /// Sends a small frame if the socket has room for it.
  package borrowing func offer(_ bytes: [UInt8]) -> Bool {
    // Small ones go as a whole or not at all.
    Glibc.send(socket.rawValue, bytes, bytes.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)) == bytes.count
  }

  /// Sends bytes with descriptors beside them, in one message.
  ///
  /// - Returns: how many bytes went, or -1 with `errno`.
  package borrowing func send(_ bytes: [UInt8], with descriptors: [CInt]) -> Int {
    let size = MemoryLayout<cmsghdr>.size + descriptors.count * MemoryLayout<CInt>.size
    // As CMSG_SPACE has it.
    var control = [UInt8](repeating: 0, count: (size + 7) & ~7)
    var header = cmsghdr()
    header.cmsg_len = size
    header.cmsg_level = SOL_SOCKET
    header.cmsg_type = CInt(SCM_RIGHTS)
    var bytes = bytes
    return control.withUnsafeMutableBytes { control in
      control.storeBytes(of: header, as: cmsghdr.self)
      for (index, descriptor) in descriptors.enumerated() {
        control.storeBytes(
          of: descriptor, toByteOffset: MemoryLayout<cmsghdr>.size + index * MemoryLayout<CInt>.size, as: CInt.self)
      }
      return bytes.withUnsafeMutableBytes { bytes in
        var data = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        return withUnsafeMutablePointer(to: &data) { data in
          var message = msghdr()
          message.msg_iov = data
          message.msg_iovlen = 1
          message.msg_control = control.baseAddress
          message.msg_controllen = control.count
          return sendmsg(socket.rawValue, &message, CInt(MSG_NOSIGNAL))
        }
      }
    }
  }

  /// Sends the client's own end of the socket beside these bytes.
  package borrowing func sendItself(beside bytes: [UInt8]) throws {
    guard send(bytes, with: [socket.rawValue]) == bytes.count else {
      throw Silence.none("\(name): sendmsg: errno \(errno)")
    }
  }

  package borrowing func receive(_ form: ReplyForm) throws -> Answer {
    guard form != .descriptor else { return try receiveDescriptor() }
    let header = try receive(bytes: Frame.headerSize)
    let size = header.integer(at: 4, as: UInt32.self)
    guard size <= Frame.maximumPayload else { throw Silence.none("\(name): a reply of \(size) bytes") }
    return .frame(type: header.integer(at: 0), payload: try receive(bytes: Int(size)))
  }

  /// Whether nothing more has come: there is one reply to each request.
  package borrowing func isQuiet() -> Bool {
    var byte: UInt8 = 0
    return recv(socket.rawValue, &byte, 1, CInt(MSG_DONTWAIT | MSG_PEEK)) < 0 && errno == EAGAIN
  }

  /// Says that nothing more will be sent.
  package borrowing func finishSending() {
    shutdown(socket.rawValue, CInt(SHUT_WR))
  }

  /// Reads, whatever comes, until the helper closes its end.
  ///
  /// - Returns: how many bytes came.
  package borrowing func drain() throws -> Int {
    var bytes = [UInt8](repeating: 0, count: Frame.maximumSize)
    var total = 0
    while true {
      let received = recv(socket.rawValue, &bytes, bytes.count, 0)
      // It may have left requests unread, which resets the connection.
      if received == 0 || received < 0 && errno == ECONNRESET { return total }
      guard received > 0 else { throw silence(received) }
      total += received
    }
  }

  /// Descriptors that the helper has open, as far as the test may see: -1 where it runs as an ordinary user.
  package borrowing func openDescriptors() -> Int {
    process.openDescriptors()
  }

  /// Whether the helper has so many descriptors open, now or in a moment.
  package borrowing func openDescriptorsAre(_ count: Int) -> Bool {
    let process = process
    return eventually { process.openDescriptors() == count }
  }

  /// Exactly so many bytes, without what came beside them.
  package borrowing func receive(bytes count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let received = bytes[filled...].withUnsafeMutableBytes {
        recv(socket.rawValue, $0.baseAddress, $0.count, 0)
      }
      guard received > 0 else { throw silence(received) }
      filled += received
    }
    return bytes
  }

  private borrowing func receiveDescriptor() throws -> Answer {
    var word = [UInt8](repeating: 0, count: Reply.descriptorSize)
    var space = word.mutableSpan
    let received = try socket.receiveWithDescriptor(into: &space)
    let descriptor = received.descriptor.map { OpenFile($0) }
    guard received.count > 0 else { throw silence(0) }
    guard received.count == word.count else { throw Silence.none("\(name): part of a word") }
    return .word(word.integer(at: 0), descriptor)
  }

  private borrowing func silence(_ result: Int) -> Silence {
    guard result == 0 || errno == ECONNRESET else { return .none("\(name): recv: errno \(errno)") }
    let status = process.wait(seconds: 2).map(String.init) ?? "(still runs)"
    return .none("\(name) has ended with status \(status), saying \(log.lines.suffix(3))")
  }
}

/// A descriptor that a helper passed, closed when nobody has it any more.
package final class OpenFile: Sendable {
  package let descriptor: CInt

  package init(_ descriptor: CInt) {
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }
}

/// What came back.
package enum Answer {
  case frame(type: UInt32, payload: [UInt8])
  case word(Int32, OpenFile?)

  /// The errno that it says, 0 for success.
  package var errno: Int32 {
    switch self {
    case .frame(1, let payload) where payload.count == 4: -payload.integer(at: 0, as: Int32.self)
    case .frame: 0
    case .word(Frame.descriptorFollows, _): 0
    case .word(let word, _): -word
    }
  }
}

extension Answer: CustomStringConvertible {
  package var description: String {
    switch self {
    case .frame(let type, let payload):
      if errno != 0 { return "-\(String(cString: strerror(errno))) (\(errno))" }
      return "{\(type), \(payload.count)} \(payload.readable)"
    case .word(Frame.descriptorFollows, let file):
      return file == nil ? "success, without a descriptor" : "a descriptor"
    case .word(let word, let file):
      let text = word < 0 ? String(cString: strerror(-word)) : "?"
      return "\(word) (\(text))" + (file == nil ? "" : " and a descriptor")
    }
  }
}
