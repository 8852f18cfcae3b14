/// What a virtio device is to the front end that shows it to a guest.
package struct Device: Sendable {
  /// Its features, beside ``DeviceFeatures/common``.
  package let features: DeviceFeatures
  /// Its configuration space, behind which there are zeros; nil when the front end has its own.
  package let configuration: [UInt8]?

  package init(features: DeviceFeatures, configuration: [UInt8]?) {
    self.features = features
    self.configuration = configuration
  }
}
