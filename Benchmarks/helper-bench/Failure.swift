import Glibc

/// Why there are no numbers.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }

  init(_ description: String, errno: CInt) {
    self.description = "\(description): \(String(cString: strerror(errno)))"
  }
}
