import CLinux
import Glibc
import Linux

/// A path as the command line would have it: it stays as long as the process.
package func hostPath(_ text: String) -> HostPath {
  HostPath(argument: strdup(text))
}

/// Runs `body` on a thread of its own, with a working directory of its own, and waits for it.
///
/// Exports belong to a thread: they use its working directory and change its identity for a moment.
package func onOwnThread(in directory: String, _ body: @escaping @Sendable () throws -> Void) throws {
  final class Job: @unchecked Sendable {
    let directory: String
    let body: @Sendable () throws -> Void
    var failure: (any Error)?

    init(_ directory: String, _ body: @escaping @Sendable () throws -> Void) {
      self.directory = directory
      self.body = body
    }
  }
  let job = Job(directory, body)
  var thread = pthread_t()
  let result = pthread_create(
    &thread, nil,
    { raw in
      guard let raw else { return nil }
      let job = Unmanaged<Job>.fromOpaque(raw).takeUnretainedValue()
      do {
        guard unshare(CL_CLONE_FS) == 0, chdir(job.directory) == 0 else {
          throw HarnessError("can't enter \(job.directory): errno \(errno)")
        }
        try job.body()
      } catch {
        job.failure = error
      }
      return nil
    }, Unmanaged.passUnretained(job).toOpaque())
  guard result == 0 else { throw HarnessError("pthread_create: \(result)") }
  pthread_join(thread, nil)
  if let failure = job.failure { throw failure }
}
