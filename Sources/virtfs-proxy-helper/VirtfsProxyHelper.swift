import ProxyCommand

/// The program, which holds nothing else than what `postern proxy` is too.
@main
enum VirtfsProxyHelper {
  static func main() {
    // The original has this status for everything.
    unsafe ProxyProgram.run(
      count: CommandLine.argc, arguments: CommandLine.unsafeArgv, as: "virtfs-proxy-helper", misuse: 1)
  }
}
