internal import SystemPackage

/// The user accounts in the host's `/etc/passwd`.
///
/// It is read once, at start-up: the file is out of reach of a process in a sandbox. A static program can't ask the name
/// service, so that accounts of directories such as LDAP aren't among them.
package struct Accounts: Sendable {
  private var users: [(name: ArraySlice<UInt8>, uid: UInt32)] = []

  /// None.
  package init() {}

  /// The accounts that a text in the form of `passwd(5)` lists. Lines of another form are left out.
  package init(_ text: [UInt8]) {
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: ":"), maxSplits: 3, omittingEmptySubsequences: false)
      guard fields.count > 3, !fields[0].isEmpty else { continue }
      let id = fields[2]
      guard let uid = UInt32(digits: id.span), uid != .max else { continue }
      users.append((fields[0], uid))
    }
  }

  /// The host's. None where the file can't be read, which is on the log.
  package static func ofHost() -> Accounts {
    var text: [UInt8] = []
    do throws(Errno) {
      try HostFile.read("/etc/passwd", into: &text, most: most)
    } catch {
      if error != .noSuchFileOrDirectory {
        Log.write(.warning, "can't read /etc/passwd: \(error): users given by name (uname=) are unknown")
      }
      return Accounts()
    }
    return Accounts(text)
  }

  /// The user id that a name stands for: a number is itself, a name is an account's.
  ///
  /// - Returns: nil where it stands for none.
  package func uid(of name: Span<UInt8>) -> UInt32? {
    if let number = UInt32(digits: name) { return number == .max ? nil : number }
    return users.first { entry in
      guard entry.name.count == name.count else { return false }
      return name.indices.allSatisfy { name[$0] == entry.name[entry.name.startIndex + $0] }
    }?.uid
  }

  /// Adds the user or group ids that the host's `/etc/passwd` or `/etc/group` lists.
  package static func addIds(_ kind: IdentityKind, to ids: inout Set<UInt32>) {
    var text: [UInt8] = []
    do throws(Errno) {
      try HostFile.read(kind == .user ? "/etc/passwd" : "/etc/group", into: &text, most: most)
    } catch {
      // What was read of it counts.
    }
    // The id is the third field of both.
    for entry in Accounts(text).users { ids.insert(entry.uid) }
  }

  /// The most bytes of a list. It is some ten thousands of accounts.
  private static let most = 4 << 20
}
