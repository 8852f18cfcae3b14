import Glibc
import GuestChecks

/// `readdir`, `seekdir`, `telldir`.
func checkListing(_ suite: inout Suite) {
  suite.check("tells . and .. and each name once") { () throws(Failure) in
    try call("mkdir", mkdir("many", 0o755))
    for number in 0..<700 { try save("", in: "many/\(number)") }
    try withDirectory("many") { directory throws(Failure) in
      let seen = try all(in: directory)
      try expect("count", seen.count, is: 702)
      try expect("names", Set(seen), is: Set((0..<700).map { "\($0)" } + [".", ".."]))
    }
  }
  suite.check("tells types") { () throws(Failure) in
    try call("mkdir", mkdir("kinds", 0o755))
    try save("", in: "kinds/file")
    try call("mkdir", mkdir("kinds/directory", 0o755))
    try call("symlink", symlink("x", "kinds/link"))
    try call("mkfifo", mkfifo("kinds/fifo", 0o644))
    let types: [String: Int] = ["file": 8, "directory": 4, "link": 10, "fifo": 1]
    try withDirectory("kinds") { directory throws(Failure) in
      while let entry = readdir(directory) {
        guard let wanted = types[name(of: entry)] else { continue }
        let seen = Int(entry.pointee.d_type)
        try expect("type \(seen) of \(name(of: entry))", seen == wanted || seen == DT_UNKNOWN)
      }
    }
  }
  suite.check("telldir and seekdir come back to a name") { () throws(Failure) in
    try withDirectory("many") { directory throws(Failure) in
      for _ in 0..<300 { _ = readdir(directory) }
      let place = telldir(directory)
      let rest = try all(in: directory)
      seekdir(directory, place)
      try expect("names", try all(in: directory), is: rest)
    }
  }
  suite.check("names told already may go, and the rest is told") { () throws(Failure) in
    try withDirectory("many") { directory throws(Failure) in
      var told: [String] = []
      while told.count < 702, let entry = readdir(directory) {
        told.append(name(of: entry))
        if Int(name(of: entry)) != nil { try call("unlink", unlink("many/\(name(of: entry))")) }
      }
      try expect("names", Set(told).count, is: 702)
    }
    try expect("left", try listing(of: "many"), is: [])
  }
  suite.check("names that stay are told whatever comes and goes") { () throws(Failure) in
    try call("mkdir", mkdir("busy", 0o755))
    for number in 0..<300 { try save("", in: "busy/stay-\(number)") }
    for number in 0..<100 { try save("", in: "busy/go-\(number)") }
    try withDirectory("busy") { directory throws(Failure) in
      var told: [String] = []
      while let entry = readdir(directory) {
        told.append(name(of: entry))
        if told.count == 50 {
          for number in 0..<100 {
            try call("unlink", unlink("busy/go-\(number)"))
            try save("", in: "busy/come-\(number)")
          }
        }
      }
      let stayed = told.filter { $0.hasPrefix("stay") }
      try expect("told", stayed.count, is: 300)
      try expect("different", Set(stayed).count, is: 300)
    }
  }
  suite.check("rewinddir tells what is new") { () throws(Failure) in
    try call("mkdir", mkdir("rewound", 0o755))
    try withDirectory("rewound") { directory throws(Failure) in
      try expect("before", try all(in: directory).count, is: 2)
      try save("", in: "rewound/new")
      rewinddir(directory)
      try expect("after", try all(in: directory).count, is: 3)
    }
  }
  suite.check("two descriptors are read apart") { () throws(Failure) in
    try withDirectory("busy") { one throws(Failure) in
      for _ in 0..<100 { _ = readdir(one) }
      try withDirectory("busy") { two throws(Failure) in try expect("all", try all(in: two).count, is: 402) }
      try expect("the rest", try all(in: one).count, is: 302)
    }
  }
  suite.check("opendir of a file, and of nothing") { () throws(Failure) in
    try save("", in: "file")
    try expect("a file", opendir("file") == nil && errno == ENOTDIR)
    try expect("nothing", opendir("nothing") == nil && errno == ENOENT)
  }
}

private func withDirectory(_ path: String, _ body: (OpaquePointer) throws(Failure) -> Void) throws(Failure) {
  guard let directory = opendir(path) else { throw Failure("opendir: \(message(errno))") }
  defer { closedir(directory) }
  try body(directory)
}

/// The names that are yet to be told, `.` and `..` among them.
private func all(in directory: OpaquePointer) throws(Failure) -> [String] {
  var names: [String] = []
  while true {
    errno = 0
    guard let entry = readdir(directory) else {
      if errno != 0 { throw Failure("readdir: \(message(errno))") }
      return names
    }
    names.append(name(of: entry))
  }
}

private func name(of entry: UnsafeMutablePointer<dirent>) -> String {
  withUnsafePointer(to: &entry.pointee.d_name) { name in
    name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
  }
}
