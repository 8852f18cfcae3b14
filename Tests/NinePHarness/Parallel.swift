import Glibc
import HelperHarness

/// Does something as many times beside itself, each on a thread of its own, and waits for all.
///
/// - Throws: what the first that failed has thrown.
package func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
  final class Job: @unchecked Sendable {
    let index: Int
    let body: @Sendable (Int) throws -> Void
    var thread = pthread_t()
    var failure: (any Error)?

    init(_ index: Int, _ body: @escaping @Sendable (Int) throws -> Void) {
      self.index = index
      self.body = body
    }
  }
  let jobs = (0..<count).map { Job($0, body) }
  for job in jobs {
    let result = pthread_create(
      &job.thread, nil,
      { raw in
        guard let raw else { return nil }
        let job = Unmanaged<Job>.fromOpaque(raw).takeUnretainedValue()
        do { try job.body(job.index) } catch { job.failure = error }
        return nil
      }, Unmanaged.passUnretained(job).toOpaque())
    guard result == 0 else { throw HarnessError("pthread_create: \(result)") }
  }
  for job in jobs { pthread_join(job.thread, nil) }
  if let failure = jobs.compactMap(\.failure).first { throw failure }
}
