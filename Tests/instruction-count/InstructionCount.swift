import Glibc

/// Counts the instructions and system calls that a request costs the serving code, for each request that there is.
///
///     instruction-count DIRECTORY                  prints a line `NAME INSTRUCTIONS CALLS` for each
///     instruction-count DIRECTORY --profile NAME   prints a line `INSTRUCTIONS FUNCTION` for each function of NAME's
///     instruction-count DIRECTORY --references     prints a line `NAME FUNCTION` for each that counts references or allocates
///     instruction-count DIRECTORY --serve          is what valgrind runs of it
///
/// The numbers are the same whatever else the machine does: one thread sends requests, then serves them, then looks at
/// the replies, so that nobody waits for anybody. DIRECTORY is empty, on a file system that takes extended attributes.
/// Only a release build says anything.
@main
enum InstructionCount {
  static func main() {
    // Nothing here takes long. What waits for something does so for ever.
    alarm(120)
    let arguments = CommandLine.arguments
    do throws(Failure) {
      switch arguments.dropFirst(2).first {
      case nil where arguments.count == 2:
        for count in try Count.all(in: arguments[1]) { print(count) }
      case "--profile" where arguments.count == 4:
        _ = try Count.all(in: arguments[1])
        for (function, instructions) in try Profile.functions(of: arguments[3], in: arguments[1]) {
          print(instructions, function)
        }
      case "--references" where arguments.count == 3:
        for count in try Count.all(in: arguments[1]) {
          let functions = try Profile.functions(of: count.name, in: arguments[1]).map(\.name)
          for function in functions where Self.isOfReferences(function) { print(count.name, function) }
        }
      case "--serve" where arguments.count == 3:
        try serve(in: arguments[1])
      default:
        say("usage: instruction-count DIRECTORY [--profile NAME | --references | --serve]")
        exit(2)
      }
    } catch {
      say("instruction-count: \(error.text)")
      exit(1)
    }
  }

  /// Those of the language's runtime that count references, make objects and check accesses, and the allocator's.
  private static func isOfReferences(_ function: String) -> Bool {
    let words = ["retain", "release", "alloc", "Access"]
    return function.hasPrefix("swift_") && words.contains { function.lowercased().contains($0.lowercased()) }
      || ["malloc", "calloc", "realloc", "free"].contains(function)
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
