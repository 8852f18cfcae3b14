/// The virtio features of a device, and two of vhost-user's that share their number (`GET_FEATURES`).
package struct DeviceFeatures: OptionSet, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// `VIRTIO_RING_F_INDIRECT_DESC`: a descriptor may stand for a table of descriptors.
  package static let indirectDescriptors = Self(rawValue: 1 << 28)
  /// `VIRTIO_RING_F_EVENT_IDX`: each side says after which entry it wants to be notified.
  package static let eventIndex = Self(rawValue: 1 << 29)
  /// `VHOST_USER_F_PROTOCOL_FEATURES`: ``ProtocolFeatures`` can be negotiated, and rings start disabled.
  package static let protocolFeatures = Self(rawValue: 1 << 30)
  /// `VIRTIO_F_VERSION_1`: virtio 1, whose integers are little-endian.
  package static let version1 = Self(rawValue: 1 << 32)

  /// The features that every device here has.
  package static let common: Self = [.indirectDescriptors, .eventIndex, .protocolFeatures, .version1]
}

/// What both ends of a vhost-user connection support beyond its first version (`GET_PROTOCOL_FEATURES`).
package struct ProtocolFeatures: OptionSet, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// `VHOST_USER_PROTOCOL_F_MQ`: `GET_QUEUE_NUM`.
  package static let queueCount = Self(rawValue: 1 << 0)
  /// `VHOST_USER_PROTOCOL_F_REPLY_ACK`: a message without a reply of its own may want one.
  package static let replyAcknowledgement = Self(rawValue: 1 << 3)
  /// `VHOST_USER_PROTOCOL_F_CONFIG`: `GET_CONFIG`.
  package static let configuration = Self(rawValue: 1 << 9)
  /// `VHOST_USER_PROTOCOL_F_RESET_DEVICE`: `RESET_DEVICE`.
  package static let resetDevice = Self(rawValue: 1 << 13)
  /// `VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS`: `ADD_MEM_REG` and `REM_MEM_REG`.
  package static let memorySlots = Self(rawValue: 1 << 15)
}
