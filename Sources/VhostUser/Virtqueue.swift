internal import Linux
internal import Synchronization
package import SystemPackage

/// A request that was taken off a ring, until it is completed.
package struct ChainToken: Equatable, Sendable {
  fileprivate let slot: Int
  /// Changes when the device is reset: earlier requests are nobody's then.
  fileprivate let generation: UInt32
}

/// One ring of a device: its requests are taken by one thread, completed by any, and its state is changed by the thread
/// that the front end's messages come to.
///
/// The guest and the front end share its memory and aren't trusted: every descriptor is copied once and checked, nothing is
/// written but what descriptors declare writable, and a fault ends the connection.
package final class Virtqueue: Sendable {
  private let state = Mutex(State())
  /// Ends the sleep of the thread that takes requests.
  private let wake: EventDescriptor

  /// The most entries of a ring; QEMU has as many.
  package static let largestSize: UInt32 = 1024
  /// The longest time that stopping a ring waits for requests that are being served, in milliseconds.
  private static let longestStop = 2000

  private struct State: ~Copyable {
    var memory = GuestMemory([])
    var features: DeviceFeatures = []
    var size: UInt16 = 0
    var address: VringAddress?
    var base: UInt16 = 0
    var kick: Notifier?
    var call: Notifier?
    var error: Notifier?
    var isStarted = false
    var isEnabled = false
    /// Where the parts of a started ring are; nil while they have no place in the memory.
    var ring: SplitRing?
    /// Requests that aren't completed, at their tokens' slots, and which slots are free.
    var chains: [Chain] = []
    var free: [Int] = []
    var generation: UInt32 = 0
    /// Replies of requests that were completed while the ring was stopped.
    var late: [(token: ChainToken, reply: [UInt8])] = []
    /// Whether requests that were taken are being served.
    var isServing = false
    var isReset = false
    var isEnded = false
    var fault: RingFault?
    /// Is shut down at a fault.
    var connection: Descriptor?
  }

  /// An eventfd that may be in use while it is replaced.
  private final class Notifier: Sendable {
    let event: EventDescriptor

    init?(_ event: consuming EventDescriptor?) {
      guard let event = event.take() else { return nil }
      self.event = event
    }
  }

  /// - Throws: `EMFILE`.
  package init() throws(Errno) {
    wake = try EventDescriptor()
  }

  // MARK: The thread that takes requests

  /// What there is for the thread that takes requests.
  package enum Next: Equatable, Sendable {
    /// A request whose first `count` bytes were copied, all of which are `readable`; the reply has room for `writable`.
    case request(ChainToken, count: Int, readable: UInt64, writable: UInt64)
    /// The device was reset: what earlier requests made is to be forgotten. Said once.
    case reset
    case nothing
    /// There will be no further request.
    case ended
  }

  /// Takes the next request, if there is one, and copies its readable bytes to the front of a buffer, as far as it has
  /// room.
  package func take(into buffer: inout MutableSpan<UInt8>) -> Next {
    state.withLock { state in
      if state.isReset {
        state.isReset = false
        return .reset
      }
      guard !state.isEnded else { return .ended }
      guard state.isStarted, state.isEnabled, var ring = state.ring else { return .nothing }
      do throws(RingFault) {
        guard let head = try ring.takeHead() else { return .nothing }
        state.ring = ring
        guard let slot = state.free.popLast() else { throw .availableIndex }
        try state.chains[slot].follow(
          head, of: ring, in: state.memory, mayBeIndirect: state.features.contains(.indirectDescriptors))
        state.isServing = true
        let count = state.chains[slot].copyReadable(to: &buffer, in: state.memory)
        return .request(
          ChainToken(slot: slot, generation: state.generation), count: count,
          readable: state.chains[slot].readableCount, writable: state.chains[slot].writableCount)
      } catch {
        Self.end(&state, error)
        return .ended
      }
    }
  }

  /// Sleeps until there may be something to take, or looks for it for a while before.
  package func wait(_ pace: inout RingWait) {
    for _ in 0..<pace.looks {
      Process.yield()
      if state.withLock({ Self.hasNews(&$0) }) { return pace.found(bySleeping: false) }
    }
    let (mustSleep, kick) = state.withLock { state -> (Bool, Notifier?) in
      state.isServing = false
      if state.memory.isLost { Self.end(&state, .memoryLost) }
      guard !Self.hasNews(&state) else { return (false, nil) }
      guard state.isStarted, state.isEnabled, let ring = state.ring else { return (true, nil) }
      return (!ring.askForKick(), state.kick)
    }
    if mustSleep {
      do throws(Errno) {
        if let kick {
          try Descriptor.waitForInput(wake.descriptor, or: kick.event.descriptor)
        } else {
          try Descriptor.waitForInput(wake.descriptor, or: wake.descriptor)
        }
      } catch {}
      wake.clear()
      kick?.event.clear()
    }
    state.withLock { state in
      state.isServing = true
      state.ring?.refuseKicks()
    }
    pace.found(bySleeping: mustSleep)
  }

  private static func hasNews(_ state: inout State) -> Bool {
    if state.isReset || state.isEnded { return true }
    guard state.isStarted, state.isEnabled, let ring = state.ring else { return false }
    return ring.hasAvailable
  }

  // MARK: Completion

  /// Completes a request: copies its reply to the guest, and puts it into the used ring. ``signal()`` tells the guest.
  ///
  /// While the ring is stopped the reply is kept until it starts again.
  package func complete(_ token: ChainToken, with reply: Span<UInt8>) {
    state.withLock { state in
      guard token.generation == state.generation else { return }
      guard state.isStarted, state.ring != nil else {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(reply.count)
        for index in reply.indices { bytes.append(reply[index]) }
        state.late.append((token, bytes))
        return
      }
      Self.complete(token, with: reply, &state)
    }
  }

  private static func complete(_ token: ChainToken, with reply: Span<UInt8>, _ state: inout State) {
    let fits = UInt64(reply.count) <= state.chains[token.slot].writableCount
    let isWritten = fits && state.chains[token.slot].copyToWritable(reply, in: state.memory)
    state.ring?.put(state.chains[token.slot].head, count: isWritten ? UInt32(clamping: reply.count) : 0)
    state.free.append(token.slot)
  }

  /// Tells the guest of what was completed, if it wants to know.
  package func signal() {
    state.withLock { state in Self.signal(&state) }
  }

  private static func signal(_ state: inout State) {
    guard state.isStarted, state.ring?.wantsSignal() == true else { return }
    state.call?.event.signal()
  }

  /// Ends the connection for a request that can't be answered.
  package func fail(_ fault: RingFault) {
    state.withLock { state in Self.end(&state, fault) }
  }

  private static func end(_ state: inout State, _ fault: RingFault) {
    guard !state.isEnded else { return }
    state.isEnded = true
    // Zeros in the memory's place look like any fault.
    state.fault = state.memory.isLost ? .memoryLost : fault
    state.error?.event.signal()
    state.connection?.shutDown()
  }

  // MARK: The front end's messages

  /// The fault that ended the connection, if one did.
  package var fault: RingFault? { state.withLock { $0.fault } }

  /// Begins a connection, whose socket is shut down at a fault.
  func begin(_ connection: consuming Descriptor) {
    var connection: Descriptor? = connection
    state.withLock { state in state.connection = connection.take() }
  }

  /// Ends a connection: no further request is taken, and the guest's memory is given back.
  package func end() {
    state.withLock { state in
      state.isEnded = true
      Self.forget(&state)
      state.ring = nil
      state.isStarted = false
      state.memory = GuestMemory([])
      (state.kick, state.call, state.error) = (nil, nil, nil)
      state.connection = nil
    }
    wake.signal()
  }

  func set(memory regions: [MappedRegion]) {
    state.withLock { state in
      state.memory = GuestMemory(regions)
      Self.place(&state)
    }
  }

  /// Without ``DeviceFeatures/protocolFeatures`` rings are enabled from the beginning.
  func set(features: DeviceFeatures) {
    state.withLock { state in
      state.features = features
      if !features.contains(.protocolFeatures) { state.isEnabled = true }
      Self.place(&state)
    }
    wake.signal()
  }

  /// - Throws: `EINVAL` for a size that there can't be, or while the ring is started.
  func set(size: UInt32) throws(Errno) {
    guard size > 0, size <= Self.largestSize, size & (size - 1) == 0 else { throw .invalidArgument }
    try state.withLock { state throws(Errno) in
      guard !state.isStarted else { throw .invalidArgument }
      let size = UInt16(size)
      if state.size != size {
        Self.forget(&state)
        state.size = size
      }
    }
  }

  /// - Throws: `EFAULT` for places that a started ring can't have.
  func set(address: VringAddress) throws(Errno) {
    try state.withLock { state throws(Errno) in
      state.address = address
      guard state.isStarted else { return }
      Self.place(&state)
      guard state.ring != nil else { throw .badAddress }
    }
  }

  func set(base: UInt32) throws(Errno) {
    guard let base = UInt16(exactly: base) else { throw .invalidArgument }
    try state.withLock { state throws(Errno) in
      guard !state.isStarted else { throw .invalidArgument }
      // Another index than the one that it stopped at is another ring's.
      if state.base != base { Self.forget(&state) }
      state.base = base
    }
  }

  /// Starts the ring. Its requests are taken once it is enabled.
  ///
  /// - Throws: `EFAULT` when its parts have no place in the guest's memory.
  func start(kick event: consuming EventDescriptor?) throws(Errno) {
    var event = event
    try state.withLock { state throws(Errno) in
      state.kick = Notifier(event.take())
      guard !state.isStarted else { return }
      state.isStarted = true
      state.ring = nil
      Self.place(&state)
      guard state.ring != nil else {
        state.isStarted = false
        throw .badAddress
      }
      for (token, reply) in state.late where token.generation == state.generation {
        Self.complete(token, with: reply.span, &state)
      }
      state.late.removeAll()
      Self.signal(&state)
    }
    wake.signal()
  }

  /// Stops the ring, once the requests that are being served are completed; later ones' replies are kept.
  ///
  /// - Returns: the index of the next entry of the available ring.
  func stop() -> UInt32 {
    state.withLock { state in state.isEnabled = state.isEnabled && !state.features.contains(.protocolFeatures) }
    wake.signal()
    for _ in 0..<Self.longestStop {
      let isServing = state.withLock { state in state.isStarted && state.isServing && !state.isEnded }
      guard isServing else { break }
      Process.sleep(milliseconds: 1)
      wake.signal()
    }
    return state.withLock { state in
      if let ring = state.ring { state.base = ring.nextAvailable }
      state.isStarted = false
      state.ring = nil
      state.kick = nil
      return UInt32(state.base)
    }
  }

  func set(isEnabled: Bool) {
    state.withLock { state in state.isEnabled = isEnabled }
    wake.signal()
  }

  func set(call event: consuming EventDescriptor?) {
    var event = event
    state.withLock { state in
      state.call = Notifier(event.take())
      // The guest may have missed what the earlier one was told.
      if state.isStarted { state.call?.event.signal() }
    }
  }

  func set(error event: consuming EventDescriptor?) {
    var event = event
    state.withLock { state in state.error = Notifier(event.take()) }
  }

  /// Forgets the requests that aren't completed, and has the thread that serves forget what earlier ones made.
  func reset() {
    state.withLock { state in
      Self.forget(&state)
      state.isReset = true
      state.isEnabled = false
    }
    wake.signal()
  }

  private static func forget(_ state: inout State) {
    state.generation &+= 1
    state.late.removeAll()
    let count = Int(state.size)
    state.free = Array((0..<count).reversed())
  }

  /// Finds the places of a started ring's parts, after its memory or its description has changed.
  private static func place(_ state: inout State) {
    guard state.isStarted, state.size > 0, let address = state.address else { return }
    if state.chains.count != Int(state.size) {
      state.chains = Array(repeating: Chain(), count: Int(state.size))
      state.free = Array((0..<Int(state.size)).reversed())
    }
    let base = state.ring?.nextAvailable ?? state.base
    do throws(RingFault) {
      state.ring = try SplitRing(
        address, size: state.size, base: base, hasEventIndex: state.features.contains(.eventIndex), in: state.memory)
    } catch {
      state.base = base
      state.ring = nil
    }
  }
}
