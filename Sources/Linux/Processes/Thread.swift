internal import CLinux
internal import Glibc
package import SystemPackage

/// Threads of the kernel's, which have an identity each.
package enum Thread {
  /// Runs `body` on a new thread, which nobody waits for.
  ///
  /// The system call is `clone`.
  /// - Throws: `EAGAIN` where there can't be another.
  package static func start(_ body: @escaping @Sendable () -> Void) throws(Errno) {
    _ = try start(CInt(PTHREAD_CREATE_DETACHED), OwningJob(()) { _ in body() })
  }

  /// Runs `body` on a new thread, which nobody waits for, and gives it `owned`. A closure can't capture what can't be
  /// copied.
  ///
  /// The system call is `clone`.
  /// - Throws: `EAGAIN` where there can't be another thread. Then `owned` has ended.
  package static func start<Owned: ~Copyable & Sendable>(
    owning owned: consuming Owned, _ body: @escaping @Sendable (consuming Owned) -> Void
  ) throws(Errno) {
    _ = try start(CInt(PTHREAD_CREATE_DETACHED), OwningJob(owned, body))
  }

  /// Runs `body` on a new thread, which is whose the calling one is, with the same capabilities.
  ///
  /// The system call is `clone`.
  /// - Throws: `EAGAIN` where there can't be another.
  package static func begin(_ body: @escaping @Sendable () -> Void) throws(Errno) -> Running {
    Running(thread: try start(CInt(PTHREAD_CREATE_JOINABLE), OwningJob(()) { _ in body() }))
  }

  /// A thread that is waited for, by ``join()``.
  package struct Running: ~Copyable, Sendable {
    fileprivate let thread: pthread_t

    /// Waits until it has ended.
    package consuming func join() {
      _ = pthread_join(thread, nil)
    }
  }

  private static func start(_ kind: CInt, _ job: Job) throws(Errno) -> pthread_t {
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

  /// Leaves SIGTERM and SIGINT to the first thread: what this one is at is neither interrupted nor fails with `EINTR`.
  private static func leaveTermination() {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGTERM)
    unsafe sigaddset(&signals, SIGINT)
    _ = unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// Has all threads allocate from one place. Otherwise glibc reserves 64 MB of address space for each.
  package static func shareMemory() {
    _ = mallopt(M_ARENA_MAX, 1)
  }

  /// Has so many bytes of address space be there for small things that are allocated, whatever is left of it: Swift ends
  /// the process where there are none. What has been used stays the process's.
  package static func reserveMemory(_ bytes: Int) {
    cl_reserve_heap(CInt(clamping: bytes))
  }

  /// Bytes of a thread's stack.
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
