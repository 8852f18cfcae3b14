internal import CLinux
internal import Glibc
internal import Linux
internal import MonitorProtocol
internal import SystemPackage

/// A worker's end of a connection, whose replies must each be there, in their form, and nothing else.
struct WorkerEnd: ~Copyable {
  private let socket: Descriptor
  private let top: Top
  private let outside: Outside
  /// The server's mount.
  private var mount: UInt64 = 0
  /// What is in the tree at the start, and what came with replies.
  private var own = OwnedArray<Descriptor>()
  private var found = OwnedArray<Descriptor>()
  private var buffer = Buffer(capacity: MonitorPacket.largest)
  private var pending = 0..<0
  private var descriptors = ReceivedDescriptors()

  /// In the export, whose root is `root`, are less than `depth` directories one in another.
  init(_ socket: consuming Descriptor, _ root: Linux.FileStatus, _ outside: Outside, depth: Int) {
    self.socket = socket
    self.outside = outside
    top = Top(root, depth: depth)
  }

  /// Takes what is in the tree.
  mutating func begin() {
    if !receive() { violated("nothing to begin with") }
    pending = 0..<0
    while let object = descriptors.takeFirst() { own.append(object) }
    guard own.count > 0, let mount = try? own[0].mountID() else { violated("nothing to begin with") }
    self.mount = mount
  }

  /// Sends a packet, and takes the replies.
  ///
  /// - Returns: false where it wasn't one, and the server has ended the connection.
  mutating func send(_ packet: Packet) -> Bool {
    var passed = PassedDescriptors()
    var isForeign: [Bool] = []
    for number in packet.objects {
      isForeign.append(append(number, to: &passed))
    }
    let (requests, isWhole) = packet.requests()
    while true {
      do throws(Errno) {
        try socket.sendPacket(packet.bytes.span, with: passed)
        break
      } catch .interrupted {
        // libFuzzer's clock.
        continue
      } catch {
        violated("a packet isn't taken: \(error)")
      }
    }
    for request in requests {
      let places = request.places
      let isOutside = isForeign[places.first] || request.type.isAboutTwo && isForeign[places.second]
      guard takeReply(to: request, isForeign: isOutside) else {
        if isWhole { violated("\(request.type): no reply") }
        return false
      }
    }
    return isWhole
  }

  /// Closes its end: the server must close the other then, with nothing more to say.
  mutating func end() {
    shutdown(socket.rawValue, CInt(SHUT_WR))
    if !pending.isEmpty || receive() { violated("bytes follow the last reply") }
    if !descriptors.isEmpty { violated("a descriptor beside a reply that has none") }
  }

  /// Adds an object.
  ///
  /// - Returns: whether it is none that may be worked on.
  private func append(_ number: UInt8, to passed: inout PassedDescriptors) -> Bool {
    if number >= 128, found.count > 0 {
      passed.append(found[Int(number - 128) % found.count])
      return false
    }
    let index = Int(number) % (own.count + outside.objects.count)
    guard index >= own.count else {
      passed.append(own[index])
      return false
    }
    let object = Descriptor(adopting: outside.objects[index - own.count])
    passed.append(object)
    _ = object.release()
    return true
  }

  /// Takes the next reply, which is one to this request.
  ///
  /// - Returns: false where there is none.
  private mutating func takeReply(to request: Packet.Request, isForeign: Bool) -> Bool {
    if pending.isEmpty, !receive() { return false }
    guard let size = try? MonitorReply.size(atFrontOf: buffer.span(pending)) else {
      violated("\(request.type): half a reply")
    }
    let end = pending.lowerBound + size
    let hasDescriptor = check(pending.lowerBound..<end, request, isForeign: isForeign)
    pending = end..<pending.upperBound
    if hasDescriptor { takeDescriptor(request.type) }
    return true
  }

  /// Checks the reply that these bytes are.
  ///
  /// - Returns: whether a descriptor goes with it.
  private func check(_ range: Range<Int>, _ request: Packet.Request, isForeign: Bool) -> Bool {
    let type = request.type
    guard let reply = try? MonitorReply(buffer.span(range)) else { violated("\(type): a reply that isn't one") }
    if case .failed(let error) = reply {
      if !(1...4095).contains(error) { violated("\(type): errno \(error)") }
      if isForeign, error != EXDEV { violated("\(type): of something outside errno \(error)") }
      return false
    }
    if isForeign { violated("\(type): of something outside") }
    switch (reply, type) {
    case (.descriptor, .find), (.descriptor, .parent), (.descriptor, .open), (.descriptor, .create): return true
    case (.status(let status), .makeDirectory), (.status(let status), .makeNode),
      (.status(let status), .makeSymbolicLink):
      if status.device != top.root.device { violated("\(type): a file of another file system") }
    case (.value(let value), .getAttribute), (.value(let value), .listAttributes):
      if value.count > request.room { violated("\(type): \(value.count) of \(request.room) bytes") }
    case (.done, .link), (.done, .rename), (.done, .remove), (.done, .change), (.done, .setAttribute),
      (.done, .removeAttribute), (.done, .removeObject), (.done, .renameObject):
      break
    default: violated("\(type): a reply of another's form")
    }
    return false
  }

  private mutating func takeDescriptor(_ type: MonitorRequestType) {
    guard let descriptor = descriptors.takeFirst() else { violated("\(type): no descriptor") }
    guard let status = try? descriptor.status() else { violated("\(type): a descriptor without a status") }
    if (try? descriptor.mountID()) != mount { violated("\(type): a file of another mount") }
    if type == .find || type == .parent {
      let flags = fcntl(descriptor.rawValue, F_GETFL)
      if flags & cl_o_path == 0 { violated("\(type): flags \(String(flags, radix: 8)) of what is only found") }
    } else if status.kind != .regular, status.kind != .directory {
      violated("\(type): a descriptor of mode \(String(status.mode, radix: 8))")
    }
    if status.kind == .directory { top.check(above: descriptor) }
    if found.count < 64 { found.append(descriptor) }
  }

  /// Waits for a packet.
  ///
  /// - Returns: false where the server has closed its end.
  private mutating func receive() -> Bool {
    while true {
      do throws(Errno) {
        let count = try Self.receive(from: socket, into: &buffer, &descriptors)
        pending = 0..<count
        return count > 0
      } catch .interrupted {
        // libFuzzer's clock.
        continue
      } catch .connectionReset {
        // It had more to read.
        return false
      } catch {
        violated("no reply: \(error)")
      }
    }
  }

  private static func receive(
    from socket: borrowing Descriptor, into buffer: inout Buffer, _ descriptors: inout ReceivedDescriptors
  ) throws(Errno) -> Int {
    var space = buffer.mutableSpan(0..<buffer.capacity)
    return try socket.receivePacket(into: &space, descriptors: &descriptors)
  }
}
