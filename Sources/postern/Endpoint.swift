import ArgumentParser
import Confinement
import Linux

/// Where clients come from.
enum Endpoint: ExpressibleByArgument {
  /// A socket of this name.
  case unix(String)
  /// A port at a numeric address.
  case tcp(String, UInt16)
  /// A port for virtual machines, or for the host of this one.
  case vsock(UInt32)
  /// A socket that was inherited, listening or connected.
  case descriptor(CInt)
  /// The socket that a service manager passes.
  case systemd

  /// How its words begin. zsh takes a bare colon for the beginning of an explanation.
  static var defaultCompletionKind: CompletionKind {
    let colon = CompletionShell.requesting == .zsh ? "\\:" : ":"
    return .list(["unix", "tcp", "vsock", "fd"].map { $0 + colon } + ["systemd"])
  }

  init?(argument: String) {
    guard argument != "systemd" else {
      self = .systemd
      return
    }
    guard let colon = argument.firstIndex(of: ":") else { return nil }
    let rest = String(argument[argument.index(after: colon)...])
    switch argument[..<colon] {
    case "unix" where !rest.isEmpty: self = .unix(rest)
    case "fd":
      guard let number = CInt(rest), number >= 0 else { return nil }
      self = .descriptor(number)
    case "vsock":
      // The largest number stands for any port.
      guard let port = UInt32(rest), port != .max else { return nil }
      self = .vsock(port)
    case "tcp":
      guard let last = rest.lastIndex(of: ":") else {
        guard let port = UInt16(rest) else { return nil }
        self = .tcp("127.0.0.1", port)
        return
      }
      guard let port = UInt16(rest[rest.index(after: last)...]) else { return nil }
      var host = String(rest[..<last])
      if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
      self = .tcp(host == "localhost" ? "127.0.0.1" : host, port)
    default: return nil
    }
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

/// `UID:GID`.
struct Squash: ExpressibleByArgument {
  let identity: Identity

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let uid = UInt32(parts[0]), let gid = UInt32(parts[1]),
      let identity = try? Identity(uid: uid, gid: gid)
    else { return nil }
    self.identity = identity
  }
}

/// Permission bits, in octal digits.
struct SocketMode: ExpressibleByArgument {
  let bits: UInt32

  init(bits: UInt32) { self.bits = bits }

  init?(argument: String) {
    guard let bits = UInt32(argument, radix: 8), bits <= 0o777 else { return nil }
    self.bits = bits
  }

  var defaultValueDescription: String { "0" + String(bits, radix: 8) }
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
