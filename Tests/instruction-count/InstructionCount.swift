import Glibc

/// Counts the instructions and system calls that a request costs the serving code, for each request that there is.
///
///     instruction-count DIRECTORY            prints a line `NAME INSTRUCTIONS CALLS` for each
///     instruction-count DIRECTORY --serve    is what valgrind runs of it
///
/// The numbers are the same whatever else the machine does: one thread sends requests, then serves them, then looks at
/// the replies, so that nobody waits for anybody. DIRECTORY is empty, on a file system that takes extended attributes.
/// Only a release build says anything.
@main
enum InstructionCount {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 2 || arguments.count == 3 && arguments[2] == "--serve" else {
      say("usage: instruction-count DIRECTORY [--serve]")
      exit(2)
    }
    // Nothing here takes long. What waits for something does so for ever.
    alarm(120)
    do throws(Failure) {
      guard arguments.count == 3 else { return try Count.all(in: arguments[1]).forEach { print($0) } }
      try serve(in: arguments[1])
    } catch {
      say("instruction-count: \(error.text)")
      exit(1)
    }
  }

  /// Serves each case twice, so that the second time costs more by ``Batch/difference`` requests alone; prints its name.
  private static func serve(in directory: String) throws(Failure) {
    let share = try Share(at: directory)
    let cases = Case.all(for: share)
    // Caches and lazy values are filled by the first few.
    for each in cases { try Batch(each, requests: Batch.least).run() }
    for each in cases {
      try Batch(each, requests: Batch.least).run()
      try Batch(each, requests: Batch.least + Batch.difference).run()
      print(each.name)
    }
  }
}

/// Why there are no numbers.
struct Failure: Error {
  let text: String

  init(_ text: String) { self.text = text }

  init(_ text: String, errno: CInt) { self.text = "\(text): \(String(cString: strerror(errno)))" }
}

/// To standard error: what isn't the result.
func say(_ text: String) {
  let bytes = Array((text + "\n").utf8)
  _ = write(STDERR_FILENO, bytes, bytes.count)
}
