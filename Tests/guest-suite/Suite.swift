import Glibc

/// What a check expected, and what it saw instead.
struct Failure: Error {
  let text: String

  init(_ text: String) { self.text = text }
}

/// Runs checks and tells how they went.
struct Suite {
  /// Where the share is mounted.
  let directory: String
  private var group = ""
  private var passed = 0
  private var failed = 0

  init(directory: String) { self.directory = directory }

  /// Begins a group: its checks run in a directory of its name.
  mutating func enter(_ group: String) {
    self.group = group
    let path = "\(directory)/\(group)"
    check("begins") { () throws(Failure) in
      if mkdir(path, 0o755) == -1, errno != EEXIST { throw Failure("mkdir \(path): \(message(errno))") }
      try call("chdir \(path)", chdir(path))
    }
  }

  /// Runs one check, which fails by throwing; one that hangs ends the program, and so the guest.
  mutating func check(_ name: String, _ body: () throws(Failure) -> Void) {
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
  func finish() -> Never {
    say("guest-suite: \(passed) passed, \(failed) failed")
    exit(failed == 0 ? 0 : 1)
  }
}

/// Writes a line, unbuffered: what is in a buffer during a `fork` would come out twice.
func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = Glibc.write(1, bytes, bytes.count)
}

/// The C library's words for an error number.
func message(_ code: CInt) -> String { String(cString: strerror(code)) }

/// Makes a system call that has to succeed, and returns its result.
@discardableResult
func call<Result: SignedInteger>(_ what: String, _ body: @autoclosure () -> Result) throws(Failure) -> Result {
  let result = body()
  if result == -1 { throw Failure("\(what): \(message(errno))") }
  return result
}

/// Makes a system call that has to fail with `code`.
func refused<Result: SignedInteger>(
  _ code: CInt, _ what: String, _ body: @autoclosure () -> Result
) throws(Failure) {
  if body() != -1 { throw Failure("\(what): expected \"\(message(code))\", but it succeeded") }
  let seen = errno
  if seen != code { throw Failure("\(what): expected \"\(message(code))\", saw \"\(message(seen))\"") }
}

func expect<Value: Equatable>(_ what: String, _ seen: Value, is wanted: Value) throws(Failure) {
  if seen != wanted { throw Failure("\(what): expected \(wanted), saw \(seen)") }
}

func expect(_ what: String, _ holds: Bool) throws(Failure) {
  if !holds { throw Failure(what) }
}
