internal import CLinux
internal import Glibc
package import SystemPackage

/// Two ends of a socket of packets: what is sent in one call, its descriptors among it, is received in one.
package struct PacketSocketPair: ~Copyable {
  private var one: Descriptor?
  private var other: Descriptor?

  /// The system call is `socketpair(SOCK_SEQPACKET)`, `unix(7)`.
  package init() throws(Errno) {
    var ends: [CInt] = [-1, -1]
    let type = CInt(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)
    _ = try unsafe valueOrErrno(socketpair(AF_UNIX, type, 0, &ends))
    one = Descriptor(adopting: ends[0])
    other = Descriptor(adopting: ends[1])
  }

  /// Takes an end that nobody has taken; nil when both are gone.
  package mutating func takeEnd() -> Descriptor? { one.take() ?? other.take() }
}

/// Numbers of descriptors that are to go with a packet. They stay their owners', who close none before it is sent.
package struct PassedDescriptors {
  private var numbers: InlineArray<64, CInt> = .init(repeating: -1)
  /// How many there are.
  package private(set) var count = 0

  /// The most that go with one packet.
  package static let most = Int(CL_MOST_DESCRIPTORS)

  package init() {}

  /// One more. There is room for ``most``.
  package mutating func append(_ descriptor: borrowing Descriptor) {
    numbers[count] = descriptor.rawValue
    count += 1
  }

  /// Where a descriptor stands among them, which may be the last one from now on. All of them must be open still.
  mutating func place(of descriptor: borrowing Descriptor) -> Int {
    for index in 0..<count where numbers[index] == descriptor.rawValue { return index }
    append(descriptor)
    return count - 1
  }

  mutating func removeAll() { count = 0 }

  /// Whether this one is among them.
  func contains(_ descriptor: borrowing Descriptor) -> Bool {
    for index in 0..<count where numbers[index] == descriptor.rawValue { return true }
    return false
  }

  fileprivate var span: Span<CInt> {
    @_lifetime(borrow self)
    borrowing get { numbers.span.extracting(first: count) }
  }
}

/// Descriptors that came with packets, in their order. Those that nobody takes are closed.
package struct ReceivedDescriptors: ~Copyable {
  private var numbers: InlineArray<128, CInt> = .init(repeating: -1)
  private var first = 0
  private var end = 0
  /// How many came with the last packet, and whether some of it didn't: this process may have no more.
  package private(set) var arrived = 0
  package private(set) var isCut = false

  package init() {}

  deinit {
    for index in first..<end { _ = close(numbers[index]) }
  }

  package var isEmpty: Bool { first == end }

  /// The first of those that are still there.
  package mutating func takeFirst() -> Descriptor? {
    guard first < end else { return nil }
    first += 1
    return Descriptor(adopting: numbers[first - 1])
  }

  /// The last of them.
  package mutating func takeLast() -> Descriptor? {
    guard first < end else { return nil }
    end -= 1
    return Descriptor(adopting: numbers[end])
  }

  /// Adds those of a packet, which `body` receives.
  ///
  /// - Throws: `EMSGSIZE` where there may not be room for them, or what `body` throws.
  fileprivate mutating func receive(
    _ body: (UnsafeMutablePointer<CInt>, inout CUnsignedInt, inout Bool) throws(Errno) -> Int
  ) throws(Errno) -> Int {
    (arrived, isCut) = (0, false)
    if isEmpty { (first, end) = (0, 0) }
    guard end + PassedDescriptors.most <= numbers.count else { throw .messageTooLong }
    var passed: CUnsignedInt = 0
    var cut = false
    defer {
      end += Int(passed)
      (arrived, isCut) = (Int(passed), cut)
    }
    var free = numbers.mutableSpan
    let start = end
    return try unsafe free.withUnsafeMutableBufferPointer { numbers throws(Errno) in
      guard let base = numbers.baseAddress else { throw .invalidArgument }
      return try unsafe body(base + start, &passed, &cut)
    }
  }
}

extension Descriptor {
  /// Sends one packet. The system call is `sendmsg`.
  ///
  /// - Throws: `EPIPE` where the peer has closed; no signal comes.
  package borrowing func sendPacket(_ bytes: Span<UInt8>, with passed: PassedDescriptors) throws(Errno) {
    let descriptors = passed.span
    try unsafe bytes.withUnsafeBufferPointer { bytes throws(Errno) in
      try unsafe descriptors.withUnsafeBufferPointer { descriptors throws(Errno) in
        _ = try unsafe valueOrErrno(
          kernel: cl_send_packet(
            rawValue, bytes.baseAddress, bytes.count, descriptors.baseAddress, CUnsignedInt(descriptors.count)))
      }
    }
  }

  /// Receives one packet.
  ///
  /// The system call is `recvmsg`.
  /// - Returns: its bytes; 0 where the peer has closed.
  /// - Throws: `EMSGSIZE` for one that is larger than the buffer, or where too many earlier descriptors are left; `EAGAIN`
  ///   where none has come, unless it may wait.
  package borrowing func receivePacket(
    into buffer: inout MutableSpan<UInt8>, descriptors: inout ReceivedDescriptors, waiting: Bool = true
  ) throws(Errno) -> Int {
    try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
      try unsafe descriptors.receive { numbers, passed, isCut throws(Errno) in
        try unsafe valueOrErrno(
          kernel: cl_receive_packet(
            rawValue, bytes.baseAddress, bytes.count, numbers, &passed, &isCut, waiting ? 0 : CInt(MSG_DONTWAIT)))
      }
    }
  }

  /// The number of the mount that the object was found through. No two that are there at a time have the same.
  ///
  /// The system call is `statx(STATX_MNT_ID)`, Linux 5.8.
  package borrowing func mountID() throws(Errno) -> UInt64 {
    var mount: UInt64 = 0
    _ = try unsafe valueOrErrno(kernel: cl_get_mount(rawValue, &mount))
    return mount
  }
}
