internal import Linux
package import SystemPackage

/// The user accounts in the host's `/etc/passwd`.
///
/// They are read once, at start-up: the file is out of reach in the sandbox. A static program can't ask the name service, so
/// accounts of directories such as LDAP are missing.
package struct Accounts: Sendable {
  private var users: [(name: ArraySlice<UInt8>, uid: UInt32)] = []

  /// No accounts.
  package init() {}

  /// Parses a text in the form of `passwd(5)`. Lines of another form are left out.
  package init(_ text: [UInt8]) {
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: ":"), maxSplits: 3, omittingEmptySubsequences: false)
      guard fields.count > 3, !fields[0].isEmpty else { continue }
      let id = fields[2]
      guard let uid = UInt32(digits: id.span), uid != .max else { continue }
      users.append((fields[0], uid))
    }
  }

  /// Reads the host's `/etc/passwd`; no file is no account.
  ///
  /// - Throws: the error of reading it.
  package static func read() throws(Errno) -> Accounts {
    var text: [UInt8] = []
    do throws(Errno) {
      try HostFile.read("/etc/passwd", into: &text, most: most)
    } catch .noSuchFileOrDirectory {
      return Accounts()
    }
    return Accounts(text)
  }

  /// Looks up the user id of an account's name. Decimal digits are an id themselves.
  ///
  /// - Returns: nil if there is no such account, or the number isn't a valid id.
  package func uid(of name: Span<UInt8>) -> UInt32? {
    if let number = UInt32(digits: name) { return number == .max ? nil : number }
    return users.first { entry in
      guard entry.name.count == name.count else { return false }
      return name.indices.allSatisfy { name[$0] == entry.name[entry.name.startIndex + $0] }
    }?.uid
  }

  /// The most bytes of the file: some ten thousands of accounts.
  private static let most = 4 << 20
}
