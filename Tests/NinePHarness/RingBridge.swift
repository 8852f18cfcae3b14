import CLinux
import Glibc
import HelperHarness
import Linux
import Synchronization
import SystemPackage
import VhostHarness
import VhostUser

/// The way from a client's socket to a server.
package enum Transport: Sendable, CaseIterable {
  case socket
  /// A ring in shared memory, as a guest's driver and its VMM have it.
  case ring

  /// That of what ``Served`` serves.
  @TaskLocal package static var current = Transport.socket
}

/// Plays the guest and its VMM: frames that come from a client's socket go to a server by a ring, and its replies back.
final class RingBridge: @unchecked Sendable {
  let queue: Virtqueue
  private let socket: CInt
  private let frontEnd: VhostFrontEnd
  private let ring: GuestRing
  private var backEnd: Linux.Thread.Running?
  private var sender: Linux.Thread.Running?
  private var receiver: Linux.Thread.Running?
  private let free: Mutex<[Int]>
  private let isOver = Atomic(false)

  /// Bytes for a request, and for its reply.
  private static let room = 1 << 20
  private static let slots = 256

  /// Takes over the other end of a client's socket.
  init(_ socket: CInt) throws {
    self.socket = socket
    var ends: [CInt] = [-1, -1]
    guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw HarnessError("socketpair: errno \(errno)")
    }
    let other = ends[1]
    queue = try Virtqueue()
    frontEnd = VhostFrontEnd(ends[0])
    ring = GuestRing(size: 2 * Self.slots, memory: GuestMemoryFile(size: (2 * Self.slots + 1) * Self.room))
    free = Mutex(Array(0..<Self.slots))
    backEnd = try Linux.Thread.begin { [queue] in
      var backEnd = BackEnd(Device(features: DeviceFeatures(rawValue: 1), configuration: nil), queues: [queue])
      _ = backEnd.serve(Descriptor(adopting: other))
    }
    frontEnd.begin()
    guard frontEnd.start(ring) else { throw HarnessError("the ring wasn't started") }
    sender = try Linux.Thread.begin { self.submitRequests() }
    receiver = try Linux.Thread.begin { self.returnReplies() }
  }

  /// Ends the connection, and waits for all threads.
  func finish() {
    isOver.store(true, ordering: .releasing)
    shutdown(socket, CInt(SHUT_RDWR))
    shutdown(frontEnd.socket, CInt(SHUT_RDWR))
    if let backEnd = backEnd.take() { backEnd.join() }
    if let sender = sender.take() { sender.join() }
    if let receiver = receiver.take() { receiver.join() }
    close(socket)
  }

  private func submitRequests() {
    while let frame = receiveFrame() {
      var slot: Int?
      while slot == nil, !isOver.load(ordering: .acquiring) {
        slot = free.withLock { $0.popLast() }
        if slot == nil { usleep(100) }
      }
      guard let slot else { break }
      let (request, reply) = (ring.data + 2 * slot * Self.room, ring.data + (2 * slot + 1) * Self.room)
      ring.memory.write(frame, at: request)
      ring.setDescriptor(
        2 * slot, address: ring.address(request), count: UInt32(frame.count), flags: GuestRing.next,
        next: UInt16(2 * slot + 1))
      ring.setDescriptor(2 * slot + 1, address: ring.address(reply), count: UInt32(Self.room), flags: GuestRing.write)
      ring.submit(UInt16(2 * slot))
    }
    // The client has gone, and so does the guest.
    shutdown(frontEnd.socket, CInt(SHUT_RDWR))
  }

  private func returnReplies() {
    while !isOver.load(ordering: .acquiring) {
      guard let used = ring.takeUsed(milliseconds: 20) else { continue }
      let slot = Int(used.head) / 2
      let reply = ring.memory.read(Int(used.count), at: ring.data + (2 * slot + 1) * Self.room)
      free.withLock { $0.append(slot) }
      var sent = 0
      while sent < reply.count {
        let count = reply[sent...].withUnsafeBytes { send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
        guard count > 0 else { break }
        sent += count
      }
    }
  }

  private func receiveFrame() -> [UInt8]? {
    guard let size = receive(4) else { return nil }
    let count = size.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    guard count >= 7, count <= UInt32(Self.room), let rest = receive(Int(count) - 4) else { return nil }
    return size + rest
  }

  private func receive(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var got = 0
    while got < count {
      let read = bytes.withUnsafeMutableBytes { recv(socket, $0.baseAddress! + got, count - got, 0) }
      guard read > 0 else { return nil }
      got += read
    }
    return bytes
  }
}
