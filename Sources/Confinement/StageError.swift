package import SystemPackage

/// The error of a step of start-up.
package struct StageError: Error {
  /// The step, in an operator's words.
  package let stage: String
  package let error: Errno

  package init(stage: String, error: Errno) {
    self.stage = stage
    self.error = error
  }
}

/// Calls `body` as the step of this name.
package func stage<Value: ~Copyable>(
  _ name: @autoclosure () -> String, _ body: () throws(Errno) -> Value
) throws(StageError) -> Value {
  do throws(Errno) {
    return try body()
  } catch {
    throw StageError(stage: name(), error: error)
  }
}

/// The error that keeps a program from serving, as a line for the operator.
package struct StartError: Error {
  package let message: String

  package init(_ message: String) {
    self.message = message
  }

  package init(_ stage: StageError) {
    message = "can't \(stage.stage): \(stage.error)"
  }
}

/// Calls `body` and throws its error as `message` and the reason.
package func attempt<Value: ~Copyable>(
  _ message: @autoclosure () -> String, _ body: () throws(Errno) -> Value
) throws(StartError) -> Value {
  do throws(Errno) {
    return try body()
  } catch {
    throw StartError("\(message()): \(error)")
  }
}
