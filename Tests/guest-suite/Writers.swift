import Glibc
import GuestChecks

/// Several processes at once.
func checkWriters(_ suite: inout Suite) {
  suite.check("four processes write files of their own") { () throws(Failure) in
    try inParallel(4) { number throws(Failure) in
      let wanted = pattern(1 << 20, seed: UInt64(number))
      try withFile("own-\(number)", O_RDWR | O_CREAT | O_EXCL) { file throws(Failure) in
        try write(wanted, to: file)
        try call("lseek", lseek(file, 0, SEEK_SET))
        try expect("checksum", checksum(try rest(of: file)), is: checksum(wanted))
      }
    }
    for number in 0..<4 {
      try expect(
        "checksum of \(number)", checksum(try bytes(of: "own-\(number)")),
        is: checksum(pattern(1 << 20, seed: UInt64(number))))
    }
  }
  suite.check("four users make and remove in one directory") { () throws(Failure) in
    try makePublicDirectory("crowd")
    try inParallel(4) { number throws(Failure) in
      let user = uid_t(1000 + number)
      try asUser(user, user) { () throws(Failure) in
        for round in 0..<40 {
          try save("\(user)", in: "crowd/\(user)-\(round)")
          try call("mkdir", mkdir("crowd/\(user)-\(round).d", 0o755))
          if round % 2 == 1 { try call("unlink", unlink("crowd/\(user)-\(round)")) }
          if round % 2 == 0 { try call("rmdir", rmdir("crowd/\(user)-\(round).d")) }
        }
      }
    }
    let seen = try listing(of: "crowd")
    try expect("count", seen.count, is: 160)
    for name in seen {
      guard let user = uid_t(name.prefix(4)) else { throw Failure("an unexpected name: \(name)") }
      try expectOwner("crowd/\(name)", user, user)
    }
  }
  suite.check("of four that create the same name, one succeeds") { () throws(Failure) in
    try call("mkdir", mkdir("race", 0o755))
    try inParallel(4) { number throws(Failure) in
      for round in 0..<25 {
        let file = open("race/\(round)", O_WRONLY | O_CREAT | O_EXCL, 0o644)
        if file == -1 {
          try expect("errno", errno, is: EEXIST)
          continue
        }
        close(file)
        try call("mkdir for the winner", mkdir("race/\(round)-won", 0o755))
      }
    }
    try expect("count", try listing(of: "race").count, is: 50)
  }
  suite.check("lines appended by four processes stay whole") { () throws(Failure) in
    try save("", in: "log")
    try inParallel(4) { number throws(Failure) in
      let line = Array((String(repeating: "\(number)", count: 63) + "\n").utf8)
      try withFile("log", O_WRONLY | O_APPEND) { file throws(Failure) in
        for _ in 0..<50 { try write(line, to: file) }
      }
    }
    let lines = try text(of: "log").split(separator: "\n")
    try expect("count", lines.count, is: 200)
    for line in lines { try expect("a line of one writer", line.count == 63 && Set(line).count == 1) }
  }
}

/// Runs `body` in several children at once, each with its number.
private func inParallel(_ count: Int, _ body: (Int) throws(Failure) -> Void) throws(Failure) {
  var children: [Child] = []
  for number in 0..<count {
    children.append(try startChild { () throws(Failure) in try body(number) })
  }
  for child in children { try wait(for: child) }
}
