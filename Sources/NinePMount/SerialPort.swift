internal import Linux
internal import SystemPackage

/// A virtio serial port, which joins the guest to a socket of the host.
enum SerialPort {
  private static let ports = "/sys/class/virtio-ports"

  /// Opens the port of this name, or of this device's name, such as `vport1p1`.
  static func open(_ name: HostPath) throws(MountFailure) -> Descriptor {
    let path = try path(of: name)
    let port: Descriptor
    do throws(Errno) {
      port = try Descriptor.device(path)
    } catch .resourceBusy {
      throw .failed("the port \(name) is in use: a program has it open, or a share is mounted through it")
    } catch {
      throw .failed("can't open the port \(path): \(error)")
    }
    guard !port.isHungUp else { throw .failed("nobody is connected to the port \(name) on the host") }
    return port
  }

  private static func path(of name: HostPath) throws(MountFailure) -> HostPath {
    let text = String(decoding: Array(name), as: UTF8.self)
    if text.hasPrefix("/") { return name }
    // udev makes these links.
    let link = "/dev/virtio-ports/\(text)"
    if HostText.exists(link) { return HostPath(lasting: link) }
    let devices = HostText.names(in: ports)
    let names = devices.map { HostText.attribute("\(ports)/\($0)/name") ?? [] }
    if let index = names.firstIndex(of: Array(name)) { return HostPath(lasting: "/dev/\(devices[index])") }
    if devices.contains(text) { return HostPath(lasting: "/dev/\(text)") }
    let known = zip(devices, names).map { $1.isEmpty ? $0 : String(decoding: $1, as: UTF8.self) }
    throw .failed(
      "there is no virtio serial port \(name); "
        + (known.isEmpty ? "this machine has none" : "this machine has: \(known.joined(separator: ", "))"))
  }
}
