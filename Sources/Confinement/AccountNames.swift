package import Linux
internal import SystemPackage

/// The names of users and groups in `/etc/passwd` and `/etc/group`.
///
/// A static program can't ask the name service: users from LDAP, say, have only numbers here.
package enum AccountNames {
  /// The error for text that names no user or group, in a line that says what to give instead.
  package struct Unknown: Error, CustomStringConvertible {
    package let description: String
  }

  /// Parses `USER:GROUP`, each a name or a number; `USER` alone has its first group.
  package static func identity(_ text: String) throws(Unknown) -> Identity {
    let words = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(words.count) else {
      throw Unknown(description: "give USER:GROUP, as names or numbers")
    }
    let (first, last) = (words[0].utf8, words[words.count - 1].utf8)
    let uid = try user(first.span)
    guard uid != .max else { throw Unknown(description: "\(UInt32.max) is nobody's number") }
    let gid: UInt32
    if words.count == 2 {
      gid = try group(last.span)
    } else {
      guard let own = field(3, of: "/etc/passwd", where: { $0[2] == Array("\(uid)".utf8)[...] }) else {
        throw Unknown(description: "user \(uid) isn't in /etc/passwd, which would say the group: give \(uid):GROUP")
      }
      gid = own
    }
    do throws(Errno) {
      return try Identity(uid: uid, gid: gid)
    } catch {
      throw Unknown(description: "\(UInt32.max) is nobody's number")
    }
  }

  /// Looks up a user by name; a number is an id itself.
  package static func user(_ text: Span<UInt8>) throws(Unknown) -> UInt32 {
    try id(text, in: "/etc/passwd", kind: "user")
  }

  /// Looks up a group by name; a number is an id itself.
  package static func group(_ text: Span<UInt8>) throws(Unknown) -> UInt32 {
    try id(text, in: "/etc/group", kind: "group")
  }

  /// Adds the ids that `/etc/passwd` or `/etc/group` lists, as far as it can be read.
  static func addIds(_ kind: IdentityKind, to ids: inout Set<UInt32>) {
    forEachLine(of: kind == .user ? "/etc/passwd" : "/etc/group") { fields in
      // The id is the third field of both.
      let field = fields[2]
      if let id = UInt32(digits: field.span) { ids.insert(id) }
      return true
    }
  }

  private static func id(_ text: Span<UInt8>, in list: String, kind: String) throws(Unknown) -> UInt32 {
    if let number = UInt32(digits: text) { return number }
    let name = text.indices.map { text[$0] }
    if let number = field(2, of: list, where: { $0[0] == name[...] }) { return number }
    throw Unknown(
      description: "there is no \(kind) \"\(String(decoding: name, as: UTF8.self))\" in \(list): give a name that it "
        + "has, or the number")
  }

  /// The number in a field of the first line whose fields fulfil a condition.
  private static func field(
    _ index: Int, of list: String, where isMeant: ([ArraySlice<UInt8>]) -> Bool
  ) -> UInt32? {
    var number: UInt32?
    forEachLine(of: list) { fields in
      guard isMeant(fields) else { return true }
      let field = fields[index]
      number = UInt32(digits: field.span)
      return false
    }
    return number
  }

  /// Calls `body` with the fields of each line, until it returns false. A list that can't be read has no lines.
  private static func forEachLine(of list: String, _ body: ([ArraySlice<UInt8>]) -> Bool) {
    var bytes: [UInt8] = []
    do throws(Errno) {
      try HostFile.read(list, into: &bytes)
    } catch {
      // The lines that were read before the error count.
    }
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      guard fields.count > 3, !fields[0].isEmpty else { continue }
      guard body(fields) else { return }
    }
  }
}
