import ProxyCommand

/// The program, which holds nothing else than what `postern proxy` is too.
@main
enum VirtfsProxyHelper {
  static func main() {
    unsafe ProxyProgram.run(count: CommandLine.argc, arguments: CommandLine.unsafeArgv)
  }
}
