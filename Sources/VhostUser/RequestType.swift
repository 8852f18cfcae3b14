/// The messages of a front end that are answered, by their number (vhost-user, "Front-end message types").
package enum RequestType: UInt32, CaseIterable, Sendable {
  /// `VHOST_USER_GET_FEATURES`.
  case getFeatures = 1
  /// `VHOST_USER_SET_FEATURES`.
  case setFeatures = 2
  /// `VHOST_USER_SET_OWNER`.
  case setOwner = 3
  /// `VHOST_USER_RESET_OWNER`.
  case resetOwner = 4
  /// `VHOST_USER_SET_MEM_TABLE`.
  case setMemoryTable = 5
  /// `VHOST_USER_SET_VRING_NUM`.
  case setVringSize = 8
  /// `VHOST_USER_SET_VRING_ADDR`.
  case setVringAddress = 9
  /// `VHOST_USER_SET_VRING_BASE`.
  case setVringBase = 10
  /// `VHOST_USER_GET_VRING_BASE`.
  case getVringBase = 11
  /// `VHOST_USER_SET_VRING_KICK`.
  case setVringKick = 12
  /// `VHOST_USER_SET_VRING_CALL`.
  case setVringCall = 13
  /// `VHOST_USER_SET_VRING_ERR`.
  case setVringError = 14
  /// `VHOST_USER_GET_PROTOCOL_FEATURES`.
  case getProtocolFeatures = 15
  /// `VHOST_USER_SET_PROTOCOL_FEATURES`.
  case setProtocolFeatures = 16
  /// `VHOST_USER_GET_QUEUE_NUM`.
  case getQueueCount = 17
  /// `VHOST_USER_SET_VRING_ENABLE`.
  case setVringEnable = 18
  /// `VHOST_USER_GET_CONFIG`.
  case getConfiguration = 24
  /// `VHOST_USER_SET_CONFIG`.
  case setConfiguration = 25
  /// `VHOST_USER_RESET_DEVICE`.
  case resetDevice = 34
  /// `VHOST_USER_GET_MAX_MEM_SLOTS`.
  case getMemorySlotCount = 36
  /// `VHOST_USER_ADD_MEM_REG`.
  case addMemoryRegion = 37
  /// `VHOST_USER_REM_MEM_REG`.
  case removeMemoryRegion = 38
}
