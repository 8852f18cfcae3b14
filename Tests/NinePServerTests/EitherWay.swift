import NinePHarness
import Testing

/// Runs each test twice: with sessions that come to their files by themselves, and by a helper.
struct EitherWay: SuiteTrait, TestTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    guard !test.isSuite else { return try await function() }
    for way in Way.allCases { try await Way.$current.withValue(way) { try await function() } }
  }
}

extension Trait where Self == EitherWay {
  static var eitherWay: Self { Self() }
}
