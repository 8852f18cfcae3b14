internal import Linux
internal import Synchronization
package import SystemPackage

/// A request that was taken off a ring, until it is completed.
package struct ChainToken: Equatable, Sendable {
  fileprivate let slot: Int
  /// Changes when the device is reset: earlier requests are nobody's then.
  fileprivate let generation: UInt64
}

/// One ring of a device: its requests are taken by one thread, completed by any, and its state is changed by the thread
/// that the front end's messages come to.
///
/// The guest and the front end share its memory and aren't trusted: every descriptor is copied once and checked, nothing is
/// written but what descriptors declare writable, and a fault ends the connection.
package final class Virtqueue: Sendable {
  let state = Mutex(State())
  /// Ends the sleep of the thread that takes requests.
  let wake: EventDescriptor
  /// Advances when a reply that waits to be kept may go on.
  let goesOn = EventCount()

  /// The most entries of a ring; QEMU has as many.
  package static let largestSize: UInt32 = 1024
  /// The longest time that stopping a ring waits for requests that are being served, in milliseconds.
  static let longestStop = 2000
  /// The most bytes of replies that are kept while the ring is stopped; a single reply may have more.
  private static let mostLate = 1 << 20

  struct State: ~Copyable {
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
    var generation: UInt64 = 0
    /// Replies of requests that were completed while the ring was stopped, and their bytes.
    var late: [(token: ChainToken, reply: [UInt8])] = []
    var lateCount = 0
    /// Whether requests that were taken are being served.
    var isServing = false
    /// Whether the ring is about to be stopped, so that no further request is taken.
    var isStopping = false
    /// Whether the guest is to be told in any case: it may have missed something.
    var mustSignal = false
    var isReset = false
    var isEnded = false
    var fault: RingFault?
    /// Whether the front end is to be told of the fault.
    var mustTell = false
    /// Is shut down at a fault.
    var connection: Descriptor?
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
    let next = state.withLock { state -> Next in
      if state.isReset {
        state.isReset = false
        return .reset
      }
      guard !state.isEnded else { return .ended }
      guard state.isStarted, state.isEnabled, !state.isStopping, var ring = state.ring else { return .nothing }
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
    if next == .ended { tellOfFault() }
    return next
  }

  /// Sleeps until there may be something to take, or looks for it for a while before.
  package func wait(_ pace: inout RingWait) {
    signal { $0.mustSignal }
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
      pace.slowDown()
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
    let hasNews = state.withLock { state in
      state.isServing = true
      state.ring?.refuseKicks()
      return Self.hasNews(&state)
    }
    pace.found(bySleeping: mustSleep)
    pace.woke(inVain: !hasNews)
  }

  private static func hasNews(_ state: inout State) -> Bool {
    if state.isReset || state.isEnded { return true }
    guard state.isStarted, !state.isStopping, let ring = state.ring else { return false }
    return state.mustSignal || state.isEnabled && ring.hasAvailable
  }

  // MARK: Completion

  /// Completes a request: copies its reply to the guest, and puts it into the used ring. ``signal()`` tells the guest.
  ///
  /// While the ring is stopped the reply is kept until it starts again, or waits for that where many are kept.
  package func complete(_ token: ChainToken, with reply: Span<UInt8>) {
    while true {
      let value = state.withLock { state -> UInt32? in
        guard token.generation == state.generation, !state.isEnded else { return nil }
        guard state.isStarted, state.ring != nil else {
          guard state.late.isEmpty || state.lateCount + reply.count <= Self.mostLate else { return goesOn.value }
          var bytes: [UInt8] = []
          bytes.reserveCapacity(reply.count)
          for index in reply.indices { bytes.append(reply[index]) }
          state.late.append((token, bytes))
          state.lateCount += reply.count
          return nil
        }
        Self.complete(token, with: reply, &state)
        return nil
      }
      guard let value else { return }
      goesOn.wait(while: value)
    }
  }

  private static func complete(_ token: ChainToken, with reply: Span<UInt8>, _ state: inout State) {
    let fits = UInt64(reply.count) <= state.chains[token.slot].writableCount
    let isWritten = fits && state.chains[token.slot].copyToWritable(reply, in: state.memory)
    state.ring?.put(state.chains[token.slot].head, count: isWritten ? UInt32(clamping: reply.count) : 0)
    state.free.append(token.slot)
  }

  /// Completes the requests whose replies were kept.
  static func completeLate(_ state: inout State) {
    for (token, reply) in state.late where token.generation == state.generation {
      complete(token, with: reply.span, &state)
    }
    state.late.removeAll()
    state.lateCount = 0
  }

  /// Tells the guest of what was completed, if it wants to know.
  package func signal() { signal { _ in true } }

  private func signal(where condition: (inout State) -> Bool) {
    let call = state.withLock { state -> Notifier? in
      guard state.isStarted, condition(&state) else { return nil }
      guard state.ring?.wantsSignal() == true || state.mustSignal else { return nil }
      state.mustSignal = false
      state.call?.announce()
      return state.call
    }
    call?.signal()
  }

  /// Ends the connection for a request that can't be answered.
  package func fail(_ fault: RingFault) {
    state.withLock { state in Self.end(&state, fault) }
    tellOfFault()
  }

  private static func end(_ state: inout State, _ fault: RingFault) {
    guard !state.isEnded else { return }
    state.isEnded = true
    // Zeros in the memory's place look like any fault.
    state.fault = state.memory.isLost ? .memoryLost : fault
    state.mustTell = true
  }

  /// Tells the front end of a fault, once, and ends the connection.
  private func tellOfFault() {
    let error = state.withLock { state -> Notifier? in
      guard state.mustTell else { return nil }
      state.mustTell = false
      state.error?.announce()
      return state.error
    }
    error?.signal()
    // Whoever sees the end of the connection sees the signal.
    state.withLock { $0.connection?.shutDown() }
    goesOn.advance(wakingAll: true)
  }
}
