import Glibc
import HelperHarness
import ProxyDriver

/// A shell script in a helper's place: it answers as far as the test wants, and notes what it did.
final class ScriptedHelper: Sendable {
  let directory: TemporaryDirectory
  private static let name = "/helper"

  /// The script finds these functions: `answer` reads a request of eleven bytes, such as T_LSTAT of "/", and says ENOENT;
  /// `take N` reads N bytes; `note WORD` writes a line that ``notes`` has. `starts` is how often it was started.
  init(_ script: String) throws {
    directory = try TemporaryDirectory()
    let text = """
      #!/bin/sh
      take() { head -c "$1" <&3 >/dev/null; }
      note() { echo "$1" >>"$directory/notes"; }
      answer() { take 11; printf '\\001\\000\\000\\000\\004\\000\\000\\000\\376\\377\\377\\377' >&3; }
      directory=$5
      note start
      starts=$(grep -c start "$directory/notes")
      echo $$ >"$directory/process"

      """
    let path = directory.path + Self.name
    let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o755)
    let content = text + script + "\n"
    guard file >= 0, write(file, content, content.utf8.count) == content.utf8.count else {
      throw HarnessError("\(path): errno \(errno)")
    }
    close(file)
  }

  var program: HelperProgram {
    get throws { try helperProgram(directory.path + Self.name, directory.path) }
  }

  var notes: [String] { read("notes").split(separator: "\n").map(String.init) }

  /// The process that it was last.
  var process: pid_t? { pid_t(read("process").split(separator: "\n").first ?? "") }

  func read(_ name: String) -> String { readFile(directory.path + "/" + name) ?? "" }
}

/// Whether there is no such process, not even one that nobody has waited for.
func isGone(_ process: pid_t?) -> Bool {
  guard let process else { return false }
  return kill(process, 0) != 0 && errno == ESRCH
}

/// Ends a process that a client has started, and waits until it can answer nothing any more.
func killed(_ process: pid_t?) -> Bool {
  guard let process, kill(process, SIGKILL) == 0 else { return false }
  return eventually { readFile("/proc/\(process)/stat")?.contains(") Z ") == true }
}
