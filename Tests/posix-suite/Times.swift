import CLinux
import Glibc
import GuestChecks

/// `utimensat`, `futimens`.
func checkSetTimes(_ suite: inout Suite) {
  suite.check("seconds before, at and long after the epoch") { () throws(Failure) in
    try save("", in: "file")
    for second in [0, 1, 1_000_000_000, 2_147_483_648, 5_000_000_000] {
      try setTimes("file", (second, 0), (second + 1, 0))
      let seen = try status("file")
      try expect("access", seen.st_atim.tv_sec, is: second)
      try expect("modification", seen.st_mtim.tv_sec, is: second + 1)
    }
  }
  suite.check("nanoseconds") { () throws(Failure) in
    try setTimes("file", (1_000_000_000, 123_456_789), (1_000_000_001, 987_654_321))
    let seen = try status("file")
    try expect("access", seen.st_atim.tv_nsec, is: 123_456_789)
    try expect("modification", seen.st_mtim.tv_nsec, is: 987_654_321)
  }
  suite.check("UTIME_NOW") { () throws(Failure) in
    try setTimes("file", (1, 0), (1, 0))
    try setTimes("file", (0, now), (0, now))
    let (seen, clock) = (try status("file"), time(nil))
    try expect("access \(seen.st_atim.tv_sec)", abs(seen.st_atim.tv_sec - clock) < 60)
    try expect("modification \(seen.st_mtim.tv_sec)", abs(seen.st_mtim.tv_sec - clock) < 60)
  }
  suite.check("UTIME_OMIT of the one leaves it") { () throws(Failure) in
    try setTimes("file", (100, 0), (200, 0))
    try setTimes("file", (0, omit), (300, 0))
    try expect("access", try status("file").st_atim.tv_sec, is: 100)
    try setTimes("file", (400, 0), (0, omit))
    try expect("modification", try status("file").st_mtim.tv_sec, is: 300)
  }
  suite.check("UTIME_OMIT of both changes nothing") { () throws(Failure) in
    let before = try status("file")
    sleepTick()
    try setTimes("file", (0, omit), (0, omit))
    let after = try status("file")
    try expect("change", after.st_ctim == before.st_ctim)
    try expect("modification", after.st_mtim == before.st_mtim)
  }
  suite.check("nanoseconds out of range") { () throws(Failure) in
    let times = [timespec(tv_sec: 1, tv_nsec: 1_000_000_000), timespec(tv_sec: 1, tv_nsec: 0)]
    try refused(EINVAL, "utimensat", utimensat(AT_FDCWD, "file", times, 0))
  }
  suite.check("of what is missing") { () throws(Failure) in
    try refused(ENOENT, "utimensat", utimensat(AT_FDCWD, "missing", nil, 0))
    try refused(ENOTDIR, "in a file", utimensat(AT_FDCWD, "file/inside", nil, 0))
  }
  suite.check("of a symbolic link and through it") { () throws(Failure) in
    try call("symlink", symlink("file", "link"))
    try setTimes("link", (10, 0), (20, 0))
    try expect("link", try status("link").st_mtim.tv_sec, is: 20)
    try call(
      "through", utimensat(AT_FDCWD, "link", [timespec(tv_sec: 30, tv_nsec: 0), timespec(tv_sec: 40, tv_nsec: 0)], 0))
    try expect("target", try status("file").st_mtim.tv_sec, is: 40)
    try expect("link after", try status("link").st_mtim.tv_sec, is: 20)
  }
  suite.check("futimens of a file opened to read") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in
      try call("futimens", futimens(file, [timespec(tv_sec: 7, tv_nsec: 0), timespec(tv_sec: 8, tv_nsec: 0)]))
      try expect("modification", try status(of: file).st_mtim.tv_sec, is: 8)
    }
  }
  suite.check("of a directory") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o755))
    try setTimes("directory", (10, 0), (20, 0))
    try expect("modification", try status("directory").st_mtim.tv_sec, is: 20)
  }
  suite.check("moves the time of change") { () throws(Failure) in
    try moves("file", [.change]) { () throws(Failure) in try setTimes("file", (5, 0), (0, omit)) }
  }
  suite.check("to now, by who may write") { () throws(Failure) in
    try call("chmod", chmod("file", 0o666))
    try asUser(1000, 1000) { () throws(Failure) in try call("utimensat", utimensat(AT_FDCWD, "file", nil, 0)) }
  }
  suite.check("to now, by who may not write") { () throws(Failure) in
    try call("chmod", chmod("file", 0o644))
    try asUser(1000, 1000) { () throws(Failure) in
      try refused(EACCES, "utimensat", utimensat(AT_FDCWD, "file", nil, 0))
    }
  }
  suite.check("to a given time, by who may write but doesn't own it") { () throws(Failure) in
    try call("chmod", chmod("file", 0o666))
    let times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
    try asUser(1000, 1000) { () throws(Failure) in
      try refused(EPERM, "utimensat", utimensat(AT_FDCWD, "file", times, 0))
    }
  }
  suite.check("one to now and one left, by who doesn't own it") { () throws(Failure) in
    let times = [timespec(tv_sec: 0, tv_nsec: now), timespec(tv_sec: 0, tv_nsec: omit)]
    try asUser(1000, 1000) { () throws(Failure) in
      try refused(EPERM, "utimensat", utimensat(AT_FDCWD, "file", times, 0))
    }
  }
  suite.check("to a given time, by the owner who may not write") { () throws(Failure) in
    try makeOwn("own", 1000, 1000, mode: 0o400)
    try asUser(1000, 1000) { () throws(Failure) in try setTimes("own", (1, 0), (2, 0)) }
    try expect("modification", try status("own").st_mtim.tv_sec, is: 2)
  }
}

/// The times that each operation moves.
func checkMovedTimes(_ suite: inout Suite) {
  suite.check("a new file's are now") { () throws(Failure) in
    try save("", in: "new")
    let (seen, clock) = (try status("new"), time(nil))
    for time in [seen.st_atim, seen.st_mtim, seen.st_ctim] {
      try expect("\(time.tv_sec)", abs(time.tv_sec - clock) < 60)
    }
  }
  let ofFile: [(name: String, moved: Set<Time>, run: @Sendable () -> Int)] = [
    ("write", [.modification, .change], { withOpen("f", O_WRONLY) { Glibc.write($0, "x", 1) } }),
    ("truncate", [.modification, .change], { Int(truncate("f", 5)) }),
    ("ftruncate", [.modification, .change], { withOpen("f", O_WRONLY) { Int(ftruncate($0, 3)) } }),
    ("open with O_TRUNC", [.modification, .change], { withOpen("f", O_WRONLY | O_TRUNC) { _ in 0 } }),
    ("chmod", [.change], { Int(chmod("f", 0o640)) }),
    ("chown", [.change], { Int(chown("f", 7, 7)) }),
    ("link", [.change], { Int(link("f", "f-too")) }),
    ("unlink of another name", [.change], { Int(unlink("f-too")) }),
    ("rename", [.change], { Int(rename("f", "g")) | Int(rename("g", "f")) }),
    ("setxattr", [.change], { Int(setxattr("f", "user.a", "1", 1, 0)) }),
    ("stat", [], { Int(access("f", F_OK)) }),
    ("open", [], { withOpen("f", O_RDWR) { _ in 0 } }),
  ]
  for (name, moved, run) in ofFile {
    suite.check("of a file by \(name)") { () throws(Failure) in
      if isAbsent("f") { try save("contents", in: "f") }
      try moves("f", moved) { () throws(Failure) in try call(name, run()) }
    }
  }
  suite.check("of a file by read: its access, if that was before its modification") { () throws(Failure) in
    try save("contents", in: "read")
    try setTimes("read", (100, 0), (200, 0))
    _ = try bytes(of: "read")
    let seen = try status("read")
    try expect("access \(seen.st_atim.tv_sec)", seen.st_atim.tv_sec > 200)
    try expect("modification", seen.st_mtim.tv_sec, is: 200)
  }
  let ofDirectory: [(name: String, run: @Sendable () -> Int)] = [
    ("open with O_CREAT", { withOpen("d/file", O_WRONLY | O_CREAT) { _ in 0 } }),
    ("link", { Int(link("d/file", "d/link")) }),
    ("rename in it", { Int(rename("d/link", "d/renamed")) }),
    ("unlink", { Int(unlink("d/renamed")) }),
    ("mkdir", { Int(mkdir("d/inner", 0o755)) }),
    ("rmdir", { Int(rmdir("d/inner")) }),
    ("symlink", { Int(symlink("x", "d/symlink")) }),
    ("mkfifo", { Int(mkfifo("d/fifo", 0o644)) }),
    ("rename out of it", { Int(rename("d/fifo", "fifo")) }),
    ("rename into it", { Int(rename("fifo", "d/fifo")) }),
  ]
  for (name, run) in ofDirectory {
    suite.check("of a directory by \(name)") { () throws(Failure) in
      if isAbsent("d") { try call("mkdir", mkdir("d", 0o755)) }
      try moves("d", [.modification, .change]) { () throws(Failure) in try call(name, run()) }
    }
  }
  suite.check("of a directory not by writing a file in it") { () throws(Failure) in
    try moves("d", []) { () throws(Failure) in
      try call("write", withOpen("d/file", O_WRONLY) { Glibc.write($0, "x", 1) })
    }
  }
  suite.check("of a file not by what is refused") { () throws(Failure) in
    try moves("f", []) { () throws(Failure) in
      try asUser(1000, 1000) { () throws(Failure) in
        try refused(EPERM, "chmod", chmod("f", 0o777))
        try refused(EPERM, "chown", chown("f", 1000, 1000))
      }
      try refused(EEXIST, "link", link("f", "d"))
    }
  }
}

/// One of a file's times that operations move.
private enum Time: String { case modification, change }

/// Fails unless `body` moves these times of what is at `path`, and leaves the other.
private func moves(_ path: String, _ wanted: Set<Time>, _ body: () throws(Failure) -> Void) throws(Failure) {
  let before = try status(path)
  sleepTick()
  try body()
  let after = try status(path)
  var moved: Set<Time> = []
  if before.st_mtim != after.st_mtim { moved.insert(.modification) }
  if before.st_ctim != after.st_ctim { moved.insert(.change) }
  try expect("times moved", moved.map(\.rawValue).sorted(), is: wanted.map(\.rawValue).sorted())
}

/// Lets the clock that file systems read go on: it may stand still for 10 ms.
private func sleepTick() { usleep(25_000) }

private func withOpen(_ path: String, _ flags: CInt, _ body: (CInt) -> Int) -> Int {
  let file = open(path, flags, 0o644)
  if file == -1 { return -1 }
  defer { close(file) }
  return body(file)
}

private func == (one: timespec, other: timespec) -> Bool { one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec }
private func != (one: timespec, other: timespec) -> Bool { !(one == other) }
