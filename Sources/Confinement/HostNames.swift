internal import Linux
internal import SystemPackage

/// The names of hosts in `/etc/hosts`: a static program can't ask the name service.
package enum HostNames {
  /// Looks up the numeric address of a name, the first in the list; nil if there is none.
  package static func address(of name: String) -> String? {
    var bytes: [UInt8] = []
    do throws(Errno) {
      try HostFile.read("/etc/hosts", into: &bytes)
    } catch {
      bytes = Array("127.0.0.1 localhost".utf8)
    }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }
      if words.dropFirst().contains(where: { $0.lowercased() == name.lowercased() }) { return String(words[0]) }
    }
    return nil
  }
}
