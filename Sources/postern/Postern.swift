import ArgumentParser

/// The program: what it does is its subcommands'.
@main
struct Postern: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "postern",
    abstract: "Lets guests and containers use a directory of this host, and keeps them inside it.",
    version: "0.1.0",
    subcommands: [NineP.self, Proxy.self])

  static func main() {
    if !Proxy.runIfAsked() { main(nil) }
  }
}
