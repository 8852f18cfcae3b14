import CLinux
import Glibc
import ProxyProtocol

/// A workload ready to be sent: frames at fixed places, and what each is to be answered with.
///
/// The replies are learnt from the first helper; every reply of every helper must then have the same size and begin with the
/// same word, so that nothing but the intended work is timed.
final class Script {
  struct Line {
    let frame: UnsafeMutableBufferPointer<UInt8>
    let hasDescriptor: Bool
    var replySize = 0
    var firstWord: UInt32 = 0
  }

  let workload: Workload
  private var lines: [Line]

  init(_ workload: Workload) {
    self.workload = workload
    lines = workload.cycle.map { step in
      let frame = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: step.frame.count)
      _ = frame.initialize(from: step.frame)
      return Line(frame: frame, hasDescriptor: step.type.replyForm == .descriptor)
    }
  }

  deinit {
    for line in lines { line.frame.deallocate() }
  }

  /// Runs the cycle once and takes the replies for what all others must be.
  func learn(from peer: Peer) throws(Failure) {
    for index in lines.indices {
      try Self.send(lines[index].frame, to: peer)
      let size = lines[index].hasDescriptor ? Reply.descriptorSize : try Self.receiveFrame(from: peer)
      if lines[index].hasDescriptor { try Self.receiveDescriptor(from: peer) }
      lines[index].replySize = size
      lines[index].firstWord = Self.firstWord
      let success = lines[index].hasDescriptor ? UInt32(Frame.descriptorFollows) : ReplyType.success.rawValue
      guard Self.firstWord == success || workload.isRefused else {
        throw Failure("\(peer.name) refuses request \(index + 1) of \(workload.name)")
      }
    }
  }

  /// Runs the cycle this many times.
  ///
  /// - Returns: nanoseconds.
  func run(_ cycles: Int, on peer: Peer) throws(Failure) -> Double {
    // Ends a benchmark whose helper has stopped answering. A time limit on the socket would be set up at each request.
    alarm(60)
    defer { alarm(0) }
    let start = Self.now()
    for _ in 0..<cycles {
      for index in lines.indices {
        let line = lines[index]
        try Self.send(line.frame, to: peer)
        if line.hasDescriptor {
          try Self.receiveDescriptor(from: peer)
        } else {
          try Self.receive(line.replySize, from: peer)
        }
        guard Self.firstWord == line.firstWord else {
          throw Failure("\(peer.name) answers \(workload.name) otherwise than the first helper did")
        }
      }
    }
    return Self.now() - start
  }

  // One connection is in use at any time, so one buffer will do.
  nonisolated(unsafe) private static let buffer = UnsafeMutableRawPointer.allocate(
    byteCount: Frame.maximumSize, alignment: 8)

  private static var firstWord: UInt32 { buffer.load(as: UInt32.self) }

  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
  }

  private static func send(_ frame: UnsafeMutableBufferPointer<UInt8>, to peer: Peer) throws(Failure) {
    guard Glibc.send(peer.socket, frame.baseAddress, frame.count, CInt(MSG_NOSIGNAL)) == frame.count else {
      throw Failure("can't send to \(peer.name): \(peer.lastWords)", errno: errno)
    }
  }

  /// Receives exactly this much, mostly at once.
  private static func receive(_ size: Int, after got: Int = 0, from peer: Peer) throws(Failure) {
    var got = got
    while got < size {
      let count = recv(peer.socket, buffer + got, size - got, 0)
      guard count > 0 else { throw gone(peer, count) }
      got += count
    }
  }

  private static func receiveFrame(from peer: Peer) throws(Failure) -> Int {
    try receive(Frame.headerSize, from: peer)
    let size = Frame.headerSize + Int(buffer.load(fromByteOffset: 4, as: UInt32.self))
    guard size <= Frame.maximumSize else { throw Failure("\(peer.name) sends nonsense") }
    try receive(size, after: Frame.headerSize, from: peer)
    return size
  }

  private static func receiveDescriptor(from peer: Peer) throws(Failure) {
    var descriptor: CInt = -1
    let count = cl_receive_descriptor(
      peer.socket, buffer, Reply.descriptorSize, &descriptor, CInt(MSG_CMSG_CLOEXEC))
    guard count == Reply.descriptorSize else { throw gone(peer, count) }
    guard descriptor >= 0 else { throw Failure("\(peer.name) sends no descriptor") }
    close(descriptor)
  }

  private static func gone(_ peer: Peer, _ result: Int) -> Failure {
    Failure("\(peer.name) gives no answer (\(result)): \(peer.lastWords)")
  }
}
