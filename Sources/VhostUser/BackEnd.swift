package import Linux
package import SystemPackage
import Wire

/// The back end of a device: answers the messages of a front end, and gives rings to the threads that serve them.
package struct BackEnd: ~Copyable {
  private let device: Device
  private let queues: [Virtqueue]
  private var features: DeviceFeatures = []
  private var protocolFeatures: ProtocolFeatures = []
  private var regions: [MappedRegion] = []

  /// The reason why a connection has ended.
  package enum Ending: Error, Equatable, Sendable {
    /// The front end closed it.
    case closed
    /// The front end sent a message that there can't be, of this number.
    case malformed(request: UInt32)
    /// A ring, the guest's own or the front end's, can't be trusted any more.
    case ring(RingFault)
    /// The socket failed.
    case failed(Errno)
  }

  /// The most regions of memory; a front end with more slots for memory to be added in isn't served.
  private static let mostRegions = 128
  /// The most bytes of memory, so that a front end leaves addresses to others.
  private static let mostMemory: UInt64 = 4 << 40
  /// Nanoseconds in which the rest of a message must follow its first byte.
  private static let longestMessage: UInt64 = 5_000_000_000

  /// A back end of `device`, whose rings these are.
  package init(_ device: Device, queues: [Virtqueue]) {
    self.device = device
    self.queues = queues
  }

  /// Answers messages until the connection ends, and ends the rings.
  package mutating func serve(_ socket: borrowing Descriptor) -> Ending {
    SharedMemory.surviveLoss()
    defer { for queue in queues { queue.end() } }
    do throws(Ending) {
      do throws(Errno) {
        for queue in queues { queue.begin(try socket.duplicate()) }
      } catch {
        throw .failed(error)
      }
      while true { try answerNext(on: socket) }
    } catch {
      for queue in queues {
        if let fault = queue.fault { return .ring(fault) }
      }
      return error
    }
  }

  private mutating func answerNext(on socket: borrowing Descriptor) throws(Ending) {
    var bytes: InlineArray<280, UInt8> = .init(repeating: 0)
    var descriptors = ReceivedDescriptors()
    var span = bytes.mutableSpan
    try Self.receive(0, MessageHeader.size, into: &span, &descriptors, from: socket)
    let number = Self.number(span.span)
    let header: MessageHeader
    let request: Request?
    do throws(Malformed) {
      header = try MessageHeader(span.span.extracting(first: MessageHeader.size))
    } catch {
      throw .malformed(request: number)
    }
    let end = MessageHeader.size + Int(header.size)
    try Self.receive(MessageHeader.size, end, into: &span, &descriptors, from: socket)
    do throws(Malformed) {
      request = try RequestType(rawValue: number).map { type throws(Malformed) in
        try Request(type, payload: span.span.extracting(MessageHeader.size..<end))
      }
    } catch {
      throw .malformed(request: number)
    }
    guard let request else {
      guard header.needsReply else { throw .malformed(request: number) }
      return try Self.send(.number(1), to: number, on: socket)
    }
    var reply: Reply?
    do throws(Errno) {
      guard descriptors.count >= request.descriptorCount, !descriptors.isCut else { throw .invalidArgument }
      reply = try answer(request, &descriptors)
      if reply == nil, header.needsReply { reply = .number(0) }
    } catch {
      // Without an answer it would go on as if it were done.
      guard header.needsReply else { throw .malformed(request: number) }
      reply = .number(1)
    }
    if let reply { try Self.send(reply, to: number, on: socket) }
  }

  private static func number(_ bytes: Span<UInt8>) -> UInt32 {
    do throws(Malformed) {
      var reader = Reader(bytes, order: .native)
      return try reader.u32()
    } catch {
      return 0
    }
  }

  /// Receives bytes from one offset of a message to another. Descriptors come with its first byte.
  private static func receive(
    _ start: Int, _ end: Int, into bytes: inout MutableSpan<UInt8>, _ descriptors: inout ReceivedDescriptors,
    from socket: borrowing Descriptor
  ) throws(Ending) {
    var start = start
    var deadline = start > 0 ? MonotonicTime.now + longestMessage : nil
    while start < end {
      do throws(Errno) {
        if let deadline, !(try socket.waitForInput(until: deadline)) { throw .timedOut }
        var room = bytes._mutatingExtracting(start..<end)
        let count: Int
        if start == 0 {
          count = try socket.receivePacket(into: &room, descriptors: &descriptors)
        } else {
          count = try socket.receive(into: &room)
        }
        guard count > 0 else { throw .connectionReset }
        start += count
        if deadline == nil { deadline = MonotonicTime.now + longestMessage }
      } catch .interrupted {
        continue
      } catch .connectionReset {
        throw .closed
      } catch {
        throw .failed(error)
      }
    }
  }

  private static func send(_ reply: Reply, to request: UInt32, on socket: borrowing Descriptor) throws(Ending) {
    var bytes: InlineArray<280, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    let count: Int
    do throws(Malformed) {
      count = try reply.encode(to: request, into: &span)
    } catch {
      throw .malformed(request: request)
    }
    do throws(Errno) {
      try socket.send(bytes.span.extracting(first: count))
    } catch {
      throw error == .brokenPipe || error == .connectionReset ? .closed : .failed(error)
    }
  }

  /// Does what a message asks for.
  ///
  /// - Returns: the reply of those that have one.
  private mutating func answer(
    _ request: Request, _ descriptors: inout ReceivedDescriptors
  ) throws(Errno) -> Reply? {
    switch request {
    case .getFeatures:
      return .number(offered.rawValue)
    case .setFeatures(let features):
      guard features.isSubset(of: offered), features.contains(.version1) else { throw .invalidArgument }
      self.features = features
      for queue in queues { queue.set(features: features) }
    case .setOwner, .resetOwner:
      break
    case .getProtocolFeatures:
      return .number(offeredByProtocol.rawValue)
    case .setProtocolFeatures(let features):
      guard features.isSubset(of: offeredByProtocol) else { throw .invalidArgument }
      protocolFeatures = features
    case .getQueueCount:
      return .number(UInt64(queues.count))
    case .getMemorySlotCount:
      return .number(UInt64(Self.mostRegions))
    case .setMemoryTable(let regions):
      var mapped: [MappedRegion] = []
      for region in regions { mapped.append(try Self.map(region, beside: mapped, &descriptors)) }
      self.regions = mapped
      for queue in queues { queue.set(memory: mapped) }
    case .addMemoryRegion(let region):
      guard regions.count < Self.mostRegions else { throw .noSpace }
      regions.append(try Self.map(region, beside: regions, &descriptors))
      for queue in queues { queue.set(memory: regions) }
    case .removeMemoryRegion(let region):
      guard
        let index = regions.firstIndex(where: {
          $0.region.guestAddress == region.guestAddress && $0.region.userAddress == region.userAddress
            && $0.region.size == region.size
        })
      else { throw .invalidArgument }
      regions.remove(at: index)
      for queue in queues { queue.set(memory: regions) }
    case .setVringSize(let index, let size):
      try queue(index).set(size: size)
    case .setVringAddress(let address):
      try queue(address.index).set(address: address)
    case .setVringBase(let index, let base):
      try queue(index).set(base: base)
    case .getVringBase(let index):
      return .vringState(index: index, number: try queue(index).stop())
    case .setVringKick(let index, _):
      try queue(index).start(kick: try Self.event(&descriptors))
    case .setVringCall(let index, _):
      try queue(index).set(call: try Self.event(&descriptors))
    case .setVringError(let index, _):
      try queue(index).set(error: try Self.event(&descriptors))
    case .setVringEnable(let index, let isEnabled):
      try queue(index).set(isEnabled: isEnabled)
    case .getConfiguration(let offset, let size, let flags):
      return .configuration(offset: offset, flags: flags, configuration(offset, size))
    case .setConfiguration:
      throw .readOnlyFileSystem
    case .resetDevice:
      for queue in queues { queue.reset() }
    }
    return nil
  }

  private var offered: DeviceFeatures { device.features.union(.common) }

  private var offeredByProtocol: ProtocolFeatures {
    let all: ProtocolFeatures = [.queueCount, .replyAcknowledgement, .resetDevice, .memorySlots]
    return device.configuration == nil ? all : all.union(.configuration)
  }

  private func queue(_ index: UInt32) throws(Errno) -> Virtqueue {
    guard let index = Int(exactly: index), index < queues.count else { throw .invalidArgument }
    return queues[index]
  }

  /// A part of the configuration space; empty when it can't be asked for.
  private func configuration(_ offset: UInt32, _ size: UInt32) -> [UInt8] {
    guard let bytes = device.configuration, size <= 256, offset <= 256 else { return [] }
    return (Int(offset)..<Int(offset + size)).map { $0 < bytes.count ? bytes[$0] : 0 }
  }

  private static func map(
    _ region: MemoryRegion, beside others: [MappedRegion], _ descriptors: inout ReceivedDescriptors
  ) throws(Errno) -> MappedRegion {
    var left = mostMemory
    for other in others {
      guard !region.overlaps(other.region) else { throw .invalidArgument }
      left -= other.region.size
    }
    guard region.size <= left else { throw .noMemory }
    guard let file = descriptors.takeFirst() else { throw .invalidArgument }
    return try MappedRegion(region, file: file)
  }

  private static func event(_ descriptors: inout ReceivedDescriptors) throws(Errno) -> EventDescriptor? {
    guard let descriptor = descriptors.takeFirst() else { return nil }
    return try EventDescriptor(received: descriptor)
  }
}
