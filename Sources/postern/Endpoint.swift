import ArgumentParser
import Confinement
import Linux

/// What a word on the command line should be instead.
struct Misuse: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Where clients come from.
enum Endpoint {
  /// A socket of this name.
  case unix(HostPath)
  /// A port at an address or a name of this host.
  case tcp(String, UInt16)
  /// A port for virtual machines, or for the host of this one.
  case vsock(UInt32)
  /// A socket that was inherited, listening or connected.
  case descriptor(CInt)
  /// The socket that a service manager passes.
  case systemd

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
        : Misuse("it takes unix:PATH, tcp:[HOST:]PORT, vsock:PORT, fd:NUMBER or systemd")
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
        : Misuse("it takes unix:PATH, tcp:[HOST:]PORT, vsock:PORT, fd:NUMBER or systemd")
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

  /// Whether the kernel tells nobody who connects there, as far as that can be known before there is a socket.
  var hidesPeers: Bool {
    switch self {
    case .tcp, .vsock: true
    case .unix, .descriptor, .systemd: false
    }
  }

  /// The number of the inherited socket that it stands for.
  var inherited: CInt? {
    switch self {
    case .descriptor(let number): number
    case .systemd: Activation.firstSocket
    case .unix, .tcp, .vsock: nil
    }
  }
}

/// A user and a group, each by its name or number.
struct Account {
  let identity: Identity

  init(argument: String) throws {
    do throws(AccountNames.Unknown) {
      identity = try AccountNames.identity(argument)
    } catch {
      throw Misuse(error.description)
    }
  }
}

/// Permission bits, in octal digits.
struct SocketMode: CustomStringConvertible {
  let bits: UInt32

  init(bits: UInt32) { self.bits = bits }

  init(argument: String) throws {
    guard let bits = UInt32(argument, radix: 8), bits <= 0o777 else {
      throw Misuse("say an octal number from 0 to 777, such as 0660")
    }
    self.bits = bits
  }

  var description: String { "0" + String(bits, radix: 8) }
}

/// `--multidevs`, of QEMU's words.
enum MultipleDevices: String, CaseIterable, ExpressibleByArgument {
  case remap, forbid
}

/// `--sandbox`.
enum SandboxChoice: String, CaseIterable, ExpressibleByArgument {
  case auto, namespace, none
}

/// `--seccomp`.
enum FilterChoice: String, CaseIterable, ExpressibleByArgument {
  case kill, log, none

  var mode: SystemCallFilter.Mode {
    switch self {
    case .kill: .kill
    case .log: .log
    case .none: .none
    }
  }
}
