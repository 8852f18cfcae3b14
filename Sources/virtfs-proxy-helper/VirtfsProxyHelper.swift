import ProxyCommand

/// The program `virtfs-proxy-helper`, which is `postern proxy` by another name.
@main
enum VirtfsProxyHelper {
  static func main() {
    // QEMU's own helper exits with this status for every failure.
    unsafe ProxyProgram.run(
      count: CommandLine.argc, arguments: CommandLine.unsafeArgv, as: "virtfs-proxy-helper", misuse: 1)
  }
}
