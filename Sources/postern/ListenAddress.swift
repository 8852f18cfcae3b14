import ArgumentParser
import Launch
import Linux

/// The argument of `--listen`: where clients connect, and the transport that they speak there.
struct ListenAddress {
  let endpoint: Endpoint
  /// Whether clients are VMMs, which bring a guest's memory and rings by vhost-user.
  let isVhostUser: Bool

  init(argument: String) throws {
    if let path = Self.rest(of: argument, behind: "vhost-user:") {
      guard !path.isEmpty else { throw Misuse("say vhost-user:PATH, the name that the socket is to have") }
      self.init(.unix(CommandWords.path(path)), isVhostUser: true)
    } else if let number = Self.rest(of: argument, behind: "vhost-user-fd:") {
      guard let number = CInt(number), number >= 0 else {
        throw Misuse("say vhost-user-fd:NUMBER, of an inherited socket")
      }
      self.init(.descriptor(number), isVhostUser: true)
    } else {
      self.init(try Endpoint(argument: argument), isVhostUser: false)
    }
  }

  private init(_ endpoint: Endpoint, isVhostUser: Bool) {
    self.endpoint = endpoint
    self.isVhostUser = isVhostUser
  }

  private static func rest(of argument: String, behind prefix: String) -> String? {
    argument.hasPrefix(prefix) ? String(argument.dropFirst(prefix.count)) : nil
  }
}
