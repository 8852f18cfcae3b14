/// The order of an integer's bytes in a message.
public enum ByteOrder: Sendable {
  /// The lowest byte first, on every host: 9P and virtio.
  case little
  /// The host's own: both ends of the connection are on one machine.
  case native

  // Each converts an integer that was put together from its bytes, the lowest first, or is about to be taken apart so. On
  // a little-endian host both cases are the same, and nothing is left of the choice.

  @inlinable @inline(__always)
  func convert(_ value: UInt16) -> UInt16 {
    switch self {
    case .little: value
    case .native: value.littleEndian
    }
  }

  @inlinable @inline(__always)
  func convert(_ value: UInt32) -> UInt32 {
    switch self {
    case .little: value
    case .native: value.littleEndian
    }
  }

  @inlinable @inline(__always)
  func convert(_ value: UInt64) -> UInt64 {
    switch self {
    case .little: value
    case .native: value.littleEndian
    }
  }
}
