internal import Linux

/// The machine's virtio-9p devices.
enum VirtioDevice {
  private static let driver = "/sys/bus/virtio/drivers/9pnet_virtio"

  /// The mount tags of all devices.
  static var tags: [[UInt8]] {
    HostText.names(in: driver).compactMap { HostText.attribute("\(driver)/\($0)/mount_tag") }
  }

  /// Checks that there is a device with this tag, as far as `/sys` tells.
  static func require(_ tag: HostPath) throws(MountFailure) {
    KernelModule.virtio.load()
    guard HostText.exists("/sys/bus") else { return }
    guard KernelModule.virtio.isPresent else { throw KernelModule.virtio.absence }
    let tags = tags
    guard !tags.contains(Array(tag)) else { return }
    throw absence(of: tag, among: tags)
  }

  static func absence(of tag: HostPath, among tags: [[UInt8]]) -> MountFailure {
    let names = tags.map { String(decoding: $0, as: UTF8.self) }
    return .failed(
      "there is no virtio-9p device with the tag \(tag); "
        + (names.isEmpty ? "this machine has no such device" : "this machine has: \(names.joined(separator: ", "))"))
  }
}
