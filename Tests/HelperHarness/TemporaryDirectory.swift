import Glibc

/// A fresh directory for one test, removed with all that is in it.
package final class TemporaryDirectory: Sendable {
  package let path: String

  /// - Parameter parent: a directory, which says on what file system this one is.
  package init(in parent: String = "/tmp") throws {
    var template = Array("\(parent)/postern-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw HarnessError("mkdtemp: errno \(errno)") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // Also for guests' users, whatever the umask.
    chmod(path, 0o755)
  }

  deinit {
    removeTree(path)
  }
}

/// A file for one test, which everybody may read.
package final class TemporaryFile: Sendable {
  package let path: String

  package init(_ text: String) throws {
    var template = Array("/tmp/postern-test-XXXXXX".utf8CString)
    let file = mkstemp(&template)
    guard file >= 0 else { throw HarnessError("mkstemp: errno \(errno)") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let bytes = Array(text.utf8)
    let written = write(file, bytes, bytes.count)
    fchmod(file, 0o644)
    close(file)
    guard written == bytes.count else { throw HarnessError("write: errno \(errno)") }
  }

  deinit {
    unlink(path)
  }
}

/// Why the harness itself couldn't go on.
package struct HarnessError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// Removes a tree, however deep and however its files are protected.
package func removeTree(_ path: String) {
  // Paths can exceed PATH_MAX, which rm handles.
  _ = try? run("/bin/rm", ["-rf", "--", path])
}

/// Runs a program to its end.
///
/// - Returns: its exit status, or 128 and the signal that ended it.
@discardableResult
package func run(_ program: String, _ arguments: [String]) throws -> CInt {
  let process = try spawn(program, arguments)
  return process.wait()
}
