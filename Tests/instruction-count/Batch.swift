import CLinux
import Export
import Glibc
import Linux
import ProxyServer
import ProxyProtocol

/// Requests that are all sent before the first of them is served.
///
/// So the first look for the next request always finds it: how long a server looks for requests, or sleeps until one
/// comes, is a matter of the machine, and stays out of the count.
struct Batch {
  static let least = 2
  /// How many more requests the larger of two batches has. What serving costs once cancels out between them.
  ///
  /// Together they are the most descriptors that a client may leave unreceived.
  static let difference = 6

  private let subject: Case
  private let requests: Int

  init(_ subject: Case, requests: Int) {
    self.subject = subject
    self.requests = requests
  }

  func run() throws(Failure) {
    var ends: [CInt] = [-1, -1]
    // Unlike a stream, a sequence of packets isn't read several frames at a time.
    guard socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0, &ends) == 0 else {
      throw Failure("socketpair", errno: errno)
    }
    let client = ends[0]
    defer { close(client) }
    for _ in 0..<requests {
      let frame = subject.nextFrame()
      guard send(client, frame, frame.count, 0) == frame.count else { throw Failure("send", errno: errno) }
    }
    shutdown(client, CInt(SHUT_WR))
    // The group that a server last made a file as is the thread's.
    _ = cl_setfsgid(getegid())
    serveBatch(ends[1])
    for _ in 0..<requests { try expectReply(on: client) }
  }

  /// Anything else than what was meant to be counted would be cheaper, or dearer.
  private func expectReply(on client: CInt) throws(Failure) {
    var reply = [UInt8](repeating: 0, count: Frame.maximumSize)
    var descriptor: CInt = -1
    let count = reply.withUnsafeMutableBytes {
      cl_receive_descriptor(client, $0.baseAddress, $0.count, &descriptor, CInt(MSG_DONTWAIT))
    }
    guard count >= Reply.descriptorSize else { throw Failure("\(subject.name): no reply (\(count))") }
    if descriptor >= 0 { close(descriptor) }
    let word = reply.withUnsafeBytes { $0.load(as: UInt32.self) }
    let wanted =
      switch subject.type.replyForm {
      case .descriptor: UInt32(Frame.descriptorFollows)
      case .status, .response: subject.isRefused ? ReplyType.error.rawValue : ReplyType.success.rawValue
      }
    guard word == wanted else {
      let status = reply.withUnsafeBytes { count >= 12 ? $0.load(fromByteOffset: 8, as: Int32.self) : Int32(word) }
      throw Failure("\(subject.name): unexpected reply \(word), \(status)")
    }
  }
}

/// What is counted. Valgrind knows it by its name.
@inline(never)
func serveBatch(_ socket: CInt) {
  let socket = Descriptor(adopting: socket)
  guard let export = try? PathExport(.unconfined) else { return }
  _ = ProxyServer.serve(export, on: socket)
}
