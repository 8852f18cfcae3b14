internal import CLinux
internal import Glibc
package import SystemPackage

/// Threads of the kernel, each with credentials of its own.
package enum Thread {
  /// Starts a detached thread that runs `body`.
  ///
  /// The system call is `clone`.
  /// - Throws: `EAGAIN` if there can't be another thread.
  package static func start(_ body: @escaping @Sendable () -> Void) throws(Errno) {
    _ = try start(CInt(PTHREAD_CREATE_DETACHED), job: OwningJob(()) { _ in body() })
  }

  /// Starts a detached thread that runs `body` with `owned`, which a closure couldn't capture if it can't be copied.
  ///
  /// The system call is `clone`.
  /// - Throws: `EAGAIN` if there can't be another thread. `owned` has ended then.
  package static func start<Owned: ~Copyable & Sendable>(
    owning owned: consuming Owned, _ body: @escaping @Sendable (consuming Owned) -> Void
  ) throws(Errno) {
    _ = try start(CInt(PTHREAD_CREATE_DETACHED), job: OwningJob(owned, body))
  }

  /// Starts a thread that runs `body`, with the calling thread's credentials, to be joined.
  ///
  /// The system call is `clone`.
  /// - Throws: `EAGAIN` if there can't be another thread.
  package static func begin(_ body: @escaping @Sendable () -> Void) throws(Errno) -> Running {
    Running(thread: try start(CInt(PTHREAD_CREATE_JOINABLE), job: OwningJob(()) { _ in body() }))
  }

  /// A thread that must be joined.
  package struct Running: ~Copyable, Sendable {
    fileprivate let thread: pthread_t

    /// Waits for the thread's end. The call is `pthread_join`.
    package consuming func join() {
      _ = pthread_join(thread, nil)
    }
  }

  private static func start(_ kind: CInt, job: Job) throws(Errno) -> pthread_t {
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setdetachstate(&attributes, kind)
    unsafe pthread_attr_setstacksize(&attributes, stackSize)
    let job = unsafe Unmanaged.passRetained(job)
    var thread = pthread_t()
    let result = unsafe pthread_create(
      &thread, &attributes,
      { job in
        Thread.leaveTermination()
        if let job = unsafe job { unsafe Unmanaged<Job>.fromOpaque(job).takeRetainedValue().run() }
        return nil
      }, job.toOpaque())
    guard result == 0 else {
      unsafe job.release()
      throw Errno(rawValue: result)
    }
    return thread
  }

  /// Blocks SIGTERM and SIGINT, which the first thread handles: calls of this one don't fail with `EINTR`.
  private static func leaveTermination() {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGTERM)
    unsafe sigaddset(&signals, SIGINT)
    _ = unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// Makes all threads allocate from one arena. Otherwise glibc reserves 64 MB of address space for each. The call is `mallopt`.
  package static func shareMemory() {
    _ = mallopt(M_ARENA_MAX, 1)
  }

  /// Reserves address space for small allocations, whatever remains of the limit: without memory Swift ends the process.
  /// Freed memory isn't returned to the kernel.
  package static func reserveMemory(_ bytes: Int) {
    cl_reserve_heap(CInt(clamping: bytes))
  }

  /// The size of a thread's stack, in bytes.
  package static let stackSize = 512 << 10

  private class Job {
    func run() {}
  }

  private final class OwningJob<Owned: ~Copyable & Sendable>: Job {
    private var owned: Owned?
    private let body: @Sendable (consuming Owned) -> Void

    init(_ owned: consuming Owned, _ body: @escaping @Sendable (consuming Owned) -> Void) {
      self.owned = consume owned
      self.body = body
    }

    override func run() {
      if let owned = owned.take() { body(owned) }
    }
  }
}
