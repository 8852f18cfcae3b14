package import Wire

/// A decoded message of a front end. Each case says which message it is; see ``RequestType`` for its name there.
package enum Request: Equatable, Sendable {
  case getFeatures
  case setFeatures(DeviceFeatures)
  case setOwner
  case resetOwner
  /// The whole memory; a descriptor for each region comes beside.
  case setMemoryTable([MemoryRegion])
  case setVringSize(index: UInt32, size: UInt32)
  case setVringAddress(VringAddress)
  case setVringBase(index: UInt32, base: UInt32)
  case getVringBase(index: UInt32)
  /// A descriptor comes beside, unless the ring is to be polled.
  case setVringKick(index: UInt32, hasDescriptor: Bool)
  case setVringCall(index: UInt32, hasDescriptor: Bool)
  case setVringError(index: UInt32, hasDescriptor: Bool)
  case getProtocolFeatures
  case setProtocolFeatures(ProtocolFeatures)
  case getQueueCount
  case setVringEnable(index: UInt32, isEnabled: Bool)
  case getConfiguration(offset: UInt32, size: UInt32, flags: UInt32)
  case setConfiguration
  case resetDevice
  case getMemorySlotCount
  /// A descriptor comes beside.
  case addMemoryRegion(MemoryRegion)
  case removeMemoryRegion(MemoryRegion)

  /// The most regions of one message.
  package static let mostRegions = 8

  /// Decodes a payload, to its last byte.
  package init(_ type: RequestType, payload: Span<UInt8>) throws(Malformed) {
    var reader = Reader(payload, order: .native)
    switch type {
    case .getFeatures: self = .getFeatures
    case .setFeatures: self = .setFeatures(DeviceFeatures(rawValue: try reader.u64()))
    case .setOwner: self = .setOwner
    case .resetOwner: self = .resetOwner
    case .setMemoryTable: self = .setMemoryTable(try Self.regions(&reader))
    case .setVringSize: self = .setVringSize(index: try reader.u32(), size: try reader.u32())
    case .setVringAddress: self = .setVringAddress(try Self.address(&reader))
    case .setVringBase: self = .setVringBase(index: try reader.u32(), base: try reader.u32())
    case .getVringBase:
      self = .getVringBase(index: try reader.u32())
      _ = try reader.u32()
    case .setVringKick:
      let (index, hasDescriptor) = try Self.notifier(&reader)
      self = .setVringKick(index: index, hasDescriptor: hasDescriptor)
    case .setVringCall:
      let (index, hasDescriptor) = try Self.notifier(&reader)
      self = .setVringCall(index: index, hasDescriptor: hasDescriptor)
    case .setVringError:
      let (index, hasDescriptor) = try Self.notifier(&reader)
      self = .setVringError(index: index, hasDescriptor: hasDescriptor)
    case .getProtocolFeatures: self = .getProtocolFeatures
    case .setProtocolFeatures: self = .setProtocolFeatures(ProtocolFeatures(rawValue: try reader.u64()))
    case .getQueueCount: self = .getQueueCount
    case .setVringEnable:
      let (index, number) = (try reader.u32(), try reader.u32())
      guard number <= 1 else { throw .value }
      self = .setVringEnable(index: index, isEnabled: number == 1)
    case .getConfiguration:
      self = .getConfiguration(offset: try reader.u32(), size: try reader.u32(), flags: try reader.u32())
      // As many bytes as are asked for come along, and mean nothing.
      _ = reader.remainder()
    case .setConfiguration:
      self = .setConfiguration
      _ = reader.remainder()
    case .resetDevice: self = .resetDevice
    case .getMemorySlotCount: self = .getMemorySlotCount
    case .addMemoryRegion: self = .addMemoryRegion(try Self.region(&reader))
    case .removeMemoryRegion: self = .removeMemoryRegion(try Self.region(&reader))
    }
    try reader.end()
  }

  /// The descriptors that must come beside it.
  package var descriptorCount: Int {
    switch self {
    case .setMemoryTable(let regions): regions.count
    case .setVringKick(_, let hasDescriptor), .setVringCall(_, let hasDescriptor), .setVringError(_, let hasDescriptor):
      hasDescriptor ? 1 : 0
    case .addMemoryRegion: 1
    case .getFeatures, .setFeatures, .setOwner, .resetOwner, .setVringSize, .setVringAddress, .setVringBase,
      .getVringBase, .getProtocolFeatures, .setProtocolFeatures, .getQueueCount, .setVringEnable, .getConfiguration,
      .setConfiguration, .resetDevice, .getMemorySlotCount, .removeMemoryRegion:
      0
    }
  }

  @_lifetime(reader: copy reader)
  private static func regions(_ reader: inout Reader) throws(Malformed) -> [MemoryRegion] {
    let count = Int(try reader.u32())
    _ = try reader.u32()
    guard count <= mostRegions else { throw .count }
    var regions: [MemoryRegion] = []
    for _ in 0..<count { regions.append(try MemoryRegion(&reader)) }
    return regions
  }

  @_lifetime(reader: copy reader)
  private static func region(_ reader: inout Reader) throws(Malformed) -> MemoryRegion {
    _ = try reader.u64()
    return try MemoryRegion(&reader)
  }

  @_lifetime(reader: copy reader)
  private static func address(_ reader: inout Reader) throws(Malformed) -> VringAddress {
    let index = try reader.u32()
    // Bit 0 asks for the used ring's writes to be logged, which is never negotiated.
    _ = try reader.u32()
    let address = VringAddress(
      index: index, descriptors: try reader.u64(), used: try reader.u64(), available: try reader.u64())
    _ = try reader.u64()
    return address
  }

  /// Of a message that says a ring's number in bits 0 to 7, and in bit 8 that no descriptor comes beside.
  @_lifetime(reader: copy reader)
  private static func notifier(_ reader: inout Reader) throws(Malformed) -> (index: UInt32, hasDescriptor: Bool) {
    let value = try reader.u64()
    guard value <= 0x1ff else { throw .value }
    return (UInt32(value & 0xff), value & 0x100 == 0)
  }
}
