import Glibc

/// What a check expected, and what it saw instead.
package struct Failure: Error {
  package let text: String

  package init(_ text: String) { self.text = text }
}

/// Runs checks and tells how they went.
package struct Suite {
  /// Where the share is mounted.
  package let directory: String
  private let program: String
  private var group = ""
  private var passed = 0
  private var failed = 0

  package init(_ program: String, directory: String) {
    self.program = program
    self.directory = directory
  }

  /// Begins a group: its checks run in a directory of its name.
  package mutating func enter(_ group: String) {
    self.group = group
    let path = "\(directory)/\(group)"
    do throws(Failure) {
      if mkdir(path, 0o755) == -1, errno != EEXIST { throw Failure("mkdir: \(message(errno))") }
      try call("chdir", chdir(path))
    } catch {
      say("\(program): \(path): \(error.text)")
      exit(2)
    }
  }

  /// Runs one check, which fails by throwing; one that hangs ends the program, and so the guest.
  package mutating func check(_ name: String, _ body: () throws(Failure) -> Void) {
    alarm(90)
    do throws(Failure) {
      try body()
      passed += 1
      say("ok \(group): \(name)")
    } catch {
      failed += 1
      say("not ok \(group): \(name): \(error.text)")
    }
    alarm(0)
  }

  /// Tells the sum, which is also the sign that nothing was cut short.
  package func finish() -> Never {
    say("\(program): \(passed) passed, \(failed) failed")
    exit(failed == 0 ? 0 : 1)
  }
}

/// Writes a line, unbuffered: what is in a buffer during a `fork` would come out twice.
package func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = Glibc.write(1, bytes, bytes.count)
}

/// The C library's words for an error number.
package func message(_ code: CInt) -> String { String(cString: strerror(code)) }

/// Makes a system call that has to succeed, and returns its result.
@discardableResult
package func call<Result: SignedInteger>(_ what: String, _ body: @autoclosure () -> Result) throws(Failure) -> Result {
  let result = body()
  if result == -1 { throw Failure("\(what): \(message(errno))") }
  return result
}

/// Makes a system call that has to fail with `code`.
package func refused<Result: SignedInteger>(
  _ code: CInt, _ what: String, _ body: @autoclosure () -> Result
) throws(Failure) {
  if body() != -1 { throw Failure("\(what): expected \"\(message(code))\", but it succeeded") }
  let seen = errno
  if seen != code { throw Failure("\(what): expected \"\(message(code))\", saw \"\(message(seen))\"") }
}

package func expect<Value: Equatable>(_ what: String, _ seen: Value, is wanted: Value) throws(Failure) {
  if seen != wanted { throw Failure("\(what): expected \(wanted), saw \(seen)") }
}

package func expect(_ what: String, _ holds: Bool) throws(Failure) {
  if !holds { throw Failure(what) }
}
