import CLinux
import Glibc

/// A ring as a guest's driver uses it, in a guest's memory. It can also be made to misbehave: every field is written as it
/// is told to.
public final class GuestRing {
  public let memory: GuestMemoryFile
  public let size: Int
  /// Offsets of the parts in the memory, and of the room for buffers behind them.
  public let descriptors: Int
  public let available: Int
  public let used: Int
  public let data: Int
  public let kick: CInt
  public let call: CInt
  public let error: CInt
  private var nextAvailable: UInt16 = 0
  /// Chains that were made available, modulo 2¹⁶.
  public var submitted: UInt16 { nextAvailable }
  private var nextUsed: UInt16 = 0

  /// A descriptor's flags.
  public static let next: UInt16 = 1
  public static let write: UInt16 = 2
  public static let indirect: UInt16 = 4

  public init(size: Int = 128, memory: GuestMemoryFile, at offset: Int = 0) {
    self.size = size
    self.memory = memory
    descriptors = offset
    available = descriptors + 16 * size
    used = (available + 6 + 2 * size + 3) & ~3
    data = (used + 6 + 8 * size + 4095) & ~4095
    kick = CInt(cl_eventfd(0))
    call = CInt(cl_eventfd(0))
    error = CInt(cl_eventfd(0))
  }

  deinit {
    for descriptor in [kick, call, error] { close(descriptor) }
  }

  /// The guest's address of an offset in its memory.
  public func address(_ offset: Int) -> UInt64 { memory.guestAddress + UInt64(offset) }

  public func setDescriptor(_ index: Int, address: UInt64, count: UInt32, flags: UInt16 = 0, next: UInt16 = 0) {
    Self.put(memory.base + descriptors + 16 * index, address: address, count: count, flags: flags, next: next)
  }

  /// Writes an entry of an indirect table that starts at an offset of the memory.
  public func setIndirect(
    _ index: Int, ofTableAt offset: Int, address: UInt64, count: UInt32, flags: UInt16 = 0, next: UInt16 = 0
  ) {
    Self.put(memory.base + offset + 16 * index, address: address, count: count, flags: flags, next: next)
  }

  private static func put(
    _ place: UnsafeMutableRawPointer, address: UInt64, count: UInt32, flags: UInt16, next: UInt16
  ) {
    place.storeBytes(of: address, as: UInt64.self)
    place.storeBytes(of: count, toByteOffset: 8, as: UInt32.self)
    place.storeBytes(of: flags, toByteOffset: 12, as: UInt16.self)
    place.storeBytes(of: next, toByteOffset: 14, as: UInt16.self)
  }

  /// Makes a chain available, and kicks.
  public func submit(_ head: UInt16, kicking: Bool = true) {
    (memory.base + available + 4 + 2 * (Int(nextAvailable) & (size - 1))).storeBytes(of: head, as: UInt16.self)
    nextAvailable &+= 1
    set(availableIndex: nextAvailable)
    if kicking { self.kickOnce() }
  }

  public func set(availableIndex index: UInt16) {
    cl_store16_release(memory.base + available + 2, index)
  }

  public func kickOnce() {
    var one: UInt64 = 1
    _ = Glibc.write(kick, &one, 8)
  }

  /// Sets after which used entry the guest wants to be told, with the event index.
  public func set(usedEvent index: UInt16) {
    cl_store16(memory.base + available + 4 + 2 * size, index)
  }

  public var usedIndex: UInt16 { cl_load16_acquire(memory.base + used + 2) }

  /// Passes over the used entries that there are.
  public func skipUsed() { nextUsed = usedIndex }

  /// Takes the next used entry, waiting for it for some time.
  public func takeUsed(milliseconds: Int = 5000) -> (head: UInt32, count: UInt32)? {
    for _ in 0..<milliseconds * 10 {
      if usedIndex != nextUsed {
        let entry = memory.base + used + 4 + 8 * (Int(nextUsed) & (size - 1))
        nextUsed &+= 1
        return (cl_load32(entry), cl_load32(entry + 4))
      }
      usleep(100)
    }
    return nil
  }

  /// Whether the back end has signalled the guest since the last question.
  public func wasCalled() -> Bool { Self.take(call) }
  /// Whether the back end has said that the ring is broken.
  public func wasBroken() -> Bool { Self.take(error) }

  private static func take(_ descriptor: CInt) -> Bool {
    var count: UInt64 = 0
    return Glibc.read(descriptor, &count, 8) == 8
  }

  /// Sets up a chain of a readable and a writable buffer, submits it, and waits for its reply.
  ///
  /// - Returns: what was written; nil where nothing came in time.
  public func exchange(_ request: [UInt8], room: Int, milliseconds: Int = 5000) -> [UInt8]? {
    let reply = data + ((request.count + 63) & ~63)
    memory.write(request, at: data)
    setDescriptor(0, address: address(data), count: UInt32(request.count), flags: Self.next, next: 1)
    setDescriptor(1, address: address(reply), count: UInt32(room), flags: Self.write)
    submit(0)
    guard let used = takeUsed(milliseconds: milliseconds), used.head == 0 else { return nil }
    return memory.read(Int(used.count), at: reply)
  }
}
