internal import Linux
internal import SystemPackage

/// A part of the kernel that mounting takes, and that may be a module.
enum KernelModule: String {
  case client = "9p"
  case virtio = "9pnet_virtio"
  case descriptors = "9pnet_fd"
  case vsock = "vmw_vsock_virtio_transport"
  case vsockLoopback = "vsock_loopback"

  /// The kernel's configuration that makes it.
  private var configuration: String {
    switch self {
    case .client: "CONFIG_9P_FS"
    case .virtio: "CONFIG_NET_9P_VIRTIO"
    case .descriptors: "CONFIG_NET_9P_FD"
    case .vsock: "CONFIG_VIRTIO_VSOCKETS"
    case .vsockLoopback: "CONFIG_VSOCKETS_LOOPBACK"
    }
  }

  /// True if it is in the kernel for sure; what is built in can't always be told.
  var isPresent: Bool {
    switch self {
    case .client: HostText.read("/proc/filesystems")?.split(separator: "\n").contains("nodev\t9p") ?? false
    case .virtio: HostText.exists("/sys/bus/virtio/drivers/9pnet_virtio")
    case .descriptors, .vsock, .vsockLoopback: HostText.exists("/sys/module/\(rawValue)")
    }
  }

  /// Loads the module by `modprobe(8)`, if it isn't there.
  func load() {
    guard !isPresent else { return }
    var output: [UInt8] = []
    // The kernel's own choice first, as it would load the module itself.
    let kernels = HostText.read("/proc/sys/kernel/modprobe")?.split(separator: "\n").first.map { String($0) }
    for program in [kernels ?? "/sbin/modprobe", "modprobe"] {
      do throws(Errno) {
        _ = try Process.run([program, "-q", rawValue], into: &output)
        return
      } catch {
        // Without the program the kernel may still have the module, or load it by itself.
      }
    }
  }

  /// Says that it is missing, and what has it.
  var absence: MountFailure {
    let release = HostText.read("/proc/sys/kernel/osrelease")?.split(separator: "\n").first.map { String($0) } ?? ""
    let system = HostText.read("/etc/os-release") ?? ""
    let kernel = release.isEmpty ? "this kernel" : "this kernel, \(release),"
    let remedy: String
    if release.contains("-cloud") {
      remedy = "Debian's cloud kernels leave 9p out: install the package \(Self.debianKernel) and start that"
    } else if system.split(separator: "\n").contains("ID=ubuntu") {
      remedy = "install the package linux-modules-extra-\(release)"
    } else {
      remedy = "it takes one with \(configuration)"
    }
    return .failed("\(kernel) has no module \(rawValue): \(remedy)")
  }

  private static var debianKernel: String {
    #if arch(arm64)
      "linux-image-arm64"
    #else
      "linux-image-amd64"
    #endif
  }
}
