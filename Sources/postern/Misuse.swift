/// A word on the command line that can't be used, in a line that says what to write instead.
struct Misuse: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
