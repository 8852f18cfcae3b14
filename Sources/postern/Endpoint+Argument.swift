import ArgumentParser
import Launch
import Linux

// `--listen`.
extension Endpoint {
  /// How its words begin. zsh takes a bare colon for the beginning of an explanation.
  static var completion: CompletionKind {
    let colon = CompletionShell.requesting == .zsh ? "\\:" : ":"
    return .list(["unix", "tcp", "vsock", "fd"].map { $0 + colon } + ["systemd"])
  }

  init(argument: String) throws {
    guard argument != "systemd" else {
      self = .systemd
      return
    }
    guard let colon = argument.firstIndex(of: ":") else {
      throw argument.contains("/")
        ? Misuse("say unix:\(CommandWords.path(argument)) for a socket of this name")
        : Misuse("it takes unix:PATH, vhost-user:PATH, tcp:[HOST:]PORT, vsock:PORT, fd:NUMBER or systemd")
    }
    let rest = String(argument[argument.index(after: colon)...])
    switch argument[..<colon] {
    case "unix":
      guard !rest.isEmpty else { throw Misuse("say unix:PATH, the name that the socket is to have") }
      self = .unix(CommandWords.path(rest))
    case "fd":
      guard let number = CInt(rest), number >= 0 else { throw Misuse("say fd:NUMBER, of an inherited socket") }
      self = .descriptor(number)
    case "vsock":
      // The largest number stands for any port.
      guard let port = UInt32(rest), port != .max else { throw Misuse("say vsock:PORT, 0 to \(UInt32.max - 1)") }
      self = .vsock(port)
    case "tcp": self = try Self.tcp(rest)
    default:
      throw argument.hasPrefix("/")
        ? Misuse("say unix:\(CommandWords.path(argument)) for a socket of this name")
        : Misuse("it takes unix:PATH, vhost-user:PATH, tcp:[HOST:]PORT, vsock:PORT, fd:NUMBER or systemd")
    }
  }

  private static func tcp(_ text: String) throws -> Endpoint {
    guard let last = text.lastIndex(of: ":") else {
      guard let port = UInt16(text) else { throw Misuse("say tcp:HOST:PORT or tcp:PORT, 0 to 65535") }
      return .tcp("127.0.0.1", port)
    }
    var host = String(text[..<last])
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
    } else if host.contains(":") {
      throw Misuse("an address of IPv6 goes in brackets: tcp:[::1]:5640")
    }
    guard let port = UInt16(text[text.index(after: last)...]) else {
      throw Misuse("say tcp:HOST:PORT or tcp:PORT, 0 to 65535")
    }
    return .tcp(host, port)
  }
}
