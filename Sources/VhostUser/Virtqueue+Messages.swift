package import Linux
internal import Synchronization
package import SystemPackage

// What the front end's messages do. All but `end()` is called by the thread that they come to.
extension Virtqueue {
  /// The fault that ended the connection, if one did.
  package var fault: RingFault? { state.withLock { $0.fault } }

  /// Begins a connection, whose socket is shut down at a fault.
  package func begin(_ connection: consuming Descriptor) {
    var connection: Descriptor? = connection
    state.withLock { state in state.connection = connection.take() }
  }

  /// Ends a connection: no further request is taken, and the guest's memory is given back.
  package func end() {
    let (call, error) = state.withLock { state in
      state.isEnded = true
      Self.forget(&state)
      state.ring = nil
      state.isStarted = false
      state.memory = GuestMemory([])
      let (call, error) = (state.call, state.error)
      (state.kick, state.call, state.error) = (nil, nil, nil)
      state.connection = nil
      return (call, error)
    }
    wakeAll()
    call?.retire()
    error?.retire()
  }

  /// Wakes the thread that takes requests, and those whose replies wait to be kept.
  private func wakeAll() {
    wake.signal()
    goesOn.advance(wakingAll: true)
  }

  package func set(memory regions: [MappedRegion]) {
    state.withLock { state in
      state.memory = GuestMemory(regions)
      Self.place(&state)
    }
    wakeAll()
  }

  /// Without ``DeviceFeatures/protocolFeatures`` rings are enabled from the beginning.
  package func set(features: DeviceFeatures) {
    state.withLock { state in
      state.features = features
      if !features.contains(.protocolFeatures) { state.isEnabled = true }
      Self.place(&state)
    }
    wakeAll()
  }

  /// - Throws: `EINVAL` for a size that there can't be, or while the ring is started.
  package func set(size: UInt32) throws(Errno) {
    guard size > 0, size <= Self.largestSize, size & (size - 1) == 0 else { throw .invalidArgument }
    try state.withLock { state throws(Errno) in
      guard !state.isStarted else { throw .invalidArgument }
      let size = UInt16(size)
      if state.size != size {
        state.size = size
        Self.forget(&state)
      }
    }
    wakeAll()
  }

  /// - Throws: `EFAULT` for places that a started ring can't have.
  package func set(address: VringAddress) throws(Errno) {
    try state.withLock { state throws(Errno) in
      // A ring at other places than the one that stopped is another one.
      if !state.isStarted, let earlier = state.address, earlier != address { Self.forget(&state) }
      state.address = address
      guard state.isStarted else { return }
      Self.place(&state)
      guard state.ring != nil else { throw .badAddress }
    }
    wakeAll()
  }

  package func set(base: UInt32) throws(Errno) {
    guard let base = UInt16(exactly: base) else { throw .invalidArgument }
    try state.withLock { state throws(Errno) in
      guard !state.isStarted else { throw .invalidArgument }
      // Another index than the one that it stopped at is another ring's.
      if state.base != base { Self.forget(&state) }
      state.base = base
    }
    wakeAll()
  }

  /// Starts the ring. Its requests are taken once it is enabled.
  ///
  /// - Throws: `EFAULT` when its parts have no place in the guest's memory.
  package func start(kick event: consuming EventDescriptor?) throws(Errno) {
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
    }
    wakeAll()
  }

  /// Stops the ring, once the requests that are being served are completed; later ones' replies are kept.
  ///
  /// - Returns: the index of the next entry of the available ring.
  package func stop() -> UInt32 {
    state.withLock { state in
      state.isEnabled = state.isEnabled && !state.features.contains(.protocolFeatures)
      state.isStopping = true
    }
    wake.signal()
    for _ in 0..<Self.longestStop {
      let isServing = state.withLock { state in state.isStarted && state.isServing && !state.isEnded }
      guard isServing else { break }
      Process.sleep(milliseconds: 1)
      wake.signal()
    }
    return state.withLock { state in
      if let ring = state.ring { state.base = ring.nextAvailable }
      state.isStopping = false
      state.isStarted = false
      state.ring = nil
      state.kick = nil
      return UInt32(state.base)
    }
  }

  package func set(isEnabled: Bool) {
    state.withLock { state in state.isEnabled = isEnabled }
    wake.signal()
  }

  func set(call event: consuming EventDescriptor?) {
    var event = event
    let earlier = state.withLock { state -> Notifier? in
      let earlier = state.call
      state.call = Notifier(event.take())
      // The guest may have missed what the earlier one was told.
      state.mustSignal = state.isStarted
      return earlier
    }
    earlier?.retire()
    wake.signal()
  }

  func set(error event: consuming EventDescriptor?) {
    var event = event
    let earlier = state.withLock { state -> Notifier? in
      let earlier = state.error
      state.error = Notifier(event.take())
      return earlier
    }
    earlier?.retire()
  }

  /// Forgets the requests that aren't completed, and has the thread that serves forget what earlier ones made.
  package func reset() {
    state.withLock { state in
      Self.forget(&state)
      state.isReset = true
      state.isEnabled = false
    }
    wakeAll()
  }

  private static func forget(_ state: inout State) {
    state.generation &+= 1
    state.late.removeAll()
    state.lateCount = 0
    state.free = Array((0..<state.chains.count).reversed())
  }

  /// Finds the places of a started ring's parts, after its memory or its description has changed.
  private static func place(_ state: inout State) {
    guard state.isStarted, state.size > 0, let address = state.address else { return }
    if state.chains.count != Int(state.size) {
      state.chains = Array(repeating: Chain(), count: Int(state.size))
      state.free = Array((0..<Int(state.size)).reversed())
    }
    let former = state.ring
    let base = former?.nextAvailable ?? state.base
    do throws(RingFault) {
      var ring = try SplitRing(
        address, size: state.size, base: base, hasEventIndex: state.features.contains(.eventIndex), in: state.memory)
      if let former {
        ring.goOn(from: former)
      } else {
        state.mustSignal = true
      }
      state.ring = ring
      completeLate(&state)
    } catch {
      state.base = base
      state.ring = nil
    }
  }
}
