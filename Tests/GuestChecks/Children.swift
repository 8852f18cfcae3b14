import Glibc

/// Runs `body` in a child process as another user, who belongs to `group` and, if any, to `others` beside it.
package func asUser(
  _ user: uid_t, _ group: gid_t, others: [gid_t] = [], _ body: () throws(Failure) -> Void
) throws(Failure) {
  try inChild { () throws(Failure) in
    try call("setgroups", setgroups(others.count, others))
    try call("setgid", setgid(group))
    try call("setuid", setuid(user))
    try body()
  }
}

/// Runs `body` in a child process and fails if it does.
package func inChild(_ body: () throws(Failure) -> Void) throws(Failure) {
  try wait(for: try startChild(body))
}

/// A process that runs beside this one, and the pipe that tells how it failed.
package struct Child {
  fileprivate let process: pid_t
  fileprivate let failure: CInt
}

/// Starts `body` in a child process.
package func startChild(_ body: () throws(Failure) -> Void) throws(Failure) -> Child {
  var ends: [CInt] = [-1, -1]
  try call("pipe", pipe(&ends))
  let process = try call("fork", fork())
  if process == 0 {
    do throws(Failure) {
      try body()
      _exit(0)
    } catch {
      let bytes = Array(error.text.utf8)
      _ = Glibc.write(ends[1], bytes, bytes.count)
      _exit(1)
    }
  }
  close(ends[1])
  return Child(process: process, failure: ends[0])
}

/// Waits for a child's end and passes its failure on.
package func wait(for child: Child) throws(Failure) {
  let text = String(decoding: try rest(of: child.failure), as: UTF8.self)
  close(child.failure)
  var status: CInt = 0
  try call("waitpid", waitpid(child.process, &status, 0))
  if !text.isEmpty { throw Failure(text) }
  try expect("status of the child process", status, is: 0)
}

/// Waits for a child's end, and ends it where that takes longer.
package func wait(for child: Child, seconds: Int) throws(Failure) {
  var end = pollfd(fd: child.failure, events: Int16(POLLIN), revents: 0)
  if poll(&end, 1, CInt(seconds * 1000)) == 0 {
    stop(child)
    throw Failure("the child process goes on after \(seconds) s")
  }
  try wait(for: child)
}

/// Ends a child, whatever it is about.
package func stop(_ child: Child) {
  kill(child.process, SIGKILL)
  close(child.failure)
  waitpid(child.process, nil, 0)
}
