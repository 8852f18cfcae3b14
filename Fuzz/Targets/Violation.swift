internal import Glibc

/// Ends the process, as a crash that a fuzzer keeps the input of.
func violated(_ what: String) -> Never {
  let line = "violated: \(what)\n"
  write(STDERR_FILENO, line, line.utf8.count)
  abort()
}

/// The result of a call that the harness itself can't do without: if it fails, no input is to blame.
func checked<Value: SignedInteger>(_ result: Value, _ call: StaticString) -> Value {
  if result < 0 { violated("\(call): errno \(errno)") }
  return result
}
