import Glibc
import HelperHarness
import Linux
import ProxyDriver

/// What a hostile helper sends in one message.
struct Sent: Sendable {
  var bytes: [UInt8]
  /// How many descriptors travel beside them.
  var descriptors = 0

  init(_ bytes: [UInt8], descriptors: Int = 0) {
    self.bytes = bytes
    self.descriptors = descriptors
  }

  /// A frame whose header says this size, whatever follows.
  static func frame(_ type: UInt32, size: UInt32? = nil, _ payload: [UInt8], descriptors: Int = 0) -> Sent {
    var bytes: [UInt8] = []
    bytes.append(field: type)
    bytes.append(field: size ?? UInt32(payload.count))
    return Sent(bytes + payload, descriptors: descriptors)
  }

  static func word(_ value: Int32, descriptors: Int = 0) -> Sent {
    var bytes: [UInt8] = []
    bytes.append(field: value)
    return Sent(bytes, descriptors: descriptors)
  }
}

/// The other end of a client's socket, which answers each request with something.
final class HostileHelper: @unchecked Sendable {
  private let socket: CInt
  private let replies: [[Sent]]
  private var thread = pthread_t()
  /// Every descriptor that it sends is this pipe's end for writing: its reader sees an end when all of them are closed.
  private var pipeEnds: [CInt] = [-1, -1]
  /// Requests that it was sent, as frames.
  private(set) var requests: [[UInt8]] = []

  private let theirs: CInt

  /// - Parameter replies: the answer to each request in turn; then it closes.
  init(_ replies: [[Sent]]) throws {
    let pair = try socketPair()
    theirs = pair.ours
    socket = pair.theirs
    self.replies = replies
    guard pipe(&pipeEnds) == 0 else { throw HarnessError("pipe: errno \(errno)") }
    for end in pipeEnds { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let result = pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        Unmanaged<HostileHelper>.fromOpaque(raw).takeUnretainedValue().serve()
        return nil
      }, Unmanaged.passUnretained(self).toOpaque())
    guard result == 0 else { throw HarnessError("pthread_create: \(result)") }
  }

  deinit {
    close(pipeEnds[0])
  }

  /// Who asks it. Once only.
  func client() -> ProxyClient {
    ProxyClient(adopting: Descriptor(adopting: theirs))
  }

  /// Waits until it has sent all.
  ///
  /// - Returns: whether all descriptors that it sent are closed.
  func end() -> Bool {
    pthread_join(thread, nil)
    var waiting = pollfd(fd: pipeEnds[0], events: Int16(POLLIN), revents: 0)
    return poll(&waiting, 1, 2000) == 1 && waiting.revents & Int16(POLLHUP) != 0
  }

  private func serve() {
    for reply in replies {
      guard let header = receive(8), let payload = receive(Int(header.integer(at: 4, as: UInt32.self))) else { break }
      requests.append(header + payload)
      for sent in reply {
        send(sent)
        // Each message on its own, as far as the client is awake.
        usleep(2000)
      }
    }
    close(socket)
    close(pipeEnds[1])
  }

  private func receive(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    guard count == 0 || recv(socket, &bytes, count, CInt(MSG_WAITALL)) == count else { return nil }
    return bytes
  }

  private func send(_ sent: Sent) {
    let size = MemoryLayout<cmsghdr>.size + sent.descriptors * MemoryLayout<CInt>.size
    var control = [UInt8](repeating: 0, count: (size + 7) & ~7)
    var header = cmsghdr()
    header.cmsg_len = size
    header.cmsg_level = SOL_SOCKET
    header.cmsg_type = CInt(SCM_RIGHTS)
    var bytes = sent.bytes
    control.withUnsafeMutableBytes { control in
      control.storeBytes(of: header, as: cmsghdr.self)
      for index in 0..<sent.descriptors {
        control.storeBytes(
          of: pipeEnds[1], toByteOffset: MemoryLayout<cmsghdr>.size + index * MemoryLayout<CInt>.size, as: CInt.self)
      }
      bytes.withUnsafeMutableBytes { bytes in
        var data = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        withUnsafeMutablePointer(to: &data) { data in
          var message = msghdr()
          message.msg_iov = data
          message.msg_iovlen = 1
          if sent.descriptors > 0 {
            message.msg_control = control.baseAddress
            message.msg_controllen = control.count
          }
          _ = sendmsg(socket, &message, CInt(MSG_NOSIGNAL))
        }
      }
    }
  }
}
