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

/// Runs each test four times: ``EitherWay``, and over a socket and over a ring.
struct EveryTransport: SuiteTrait, TestTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    guard !test.isSuite else { return try await function() }
    for transport in Transport.allCases {
      for way in Way.allCases {
        try await Transport.$current.withValue(transport) {
          try await Way.$current.withValue(way) { try await function() }
        }
      }
    }
  }
}

extension Trait where Self == EveryTransport {
  static var everyTransport: Self { Self() }
}

extension Trait where Self == EitherWay {
  static var eitherWay: Self { Self() }
}
