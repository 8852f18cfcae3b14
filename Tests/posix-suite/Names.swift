import Glibc
import GuestChecks

/// Names at their limits and of unusual bytes.
func checkNames(_ suite: inout Suite) {
  let odd: [(what: String, bytes: [UInt8])] = [
    ("255 bytes", [UInt8](repeating: 0x6e, count: 255)),
    ("255 bytes that aren't UTF-8", [UInt8](repeating: 0xe9, count: 255)),
    ("every byte but / and NUL", Array(1...46) + Array(48...255)),
    ("a byte", [0x78]),
    ("a space", [0x20]),
    ("three dots", Array("...".utf8)),
    ("a backslash", [0x5c]),
    ("a line feed", [10]),
    ("overlong UTF-8 of a slash", [0xc0, 0xaf]),
  ]
  for (what, bytes) in odd {
    suite.check("of \(what)") { () throws(Failure) in
      let name = bytes.map { CChar(bitPattern: $0) } + [0]
      close(try call("create", open(name, O_RDWR | O_CREAT | O_EXCL, 0o644)))
      try expect("in the listing", try names(in: ".").filter { $0 == bytes }.count, is: 1)
      try call("link", link(name, "linked"))
      try call("unlink", unlink("linked"))
      try call("rename", rename(name, "elsewhere"))
      try call("rename back", rename("elsewhere", name))
      try call("unlink", unlink(name))
      try call("symlink", symlink("x", name))
      try call("unlink", unlink(name))
      try call("mkdir", mkdir(name, 0o755))
      try call("rmdir", rmdir(name))
    }
  }
  let long = String(repeating: "n", count: 256)
  suite.check("of 256 bytes: every call says that it is too long") { () throws(Failure) in
    try save("", in: "short")
    var (seen, byte) = (stat(), CChar(0))
    try refused(ENAMETOOLONG, "open", open(long, O_RDONLY))
    try refused(ENAMETOOLONG, "create", open(long, O_WRONLY | O_CREAT, 0o644))
    try refused(ENAMETOOLONG, "stat", stat(long, &seen))
    try refused(ENAMETOOLONG, "mkdir", mkdir(long, 0o755))
    try refused(ENAMETOOLONG, "rmdir", rmdir(long))
    try refused(ENAMETOOLONG, "unlink", unlink(long))
    try refused(ENAMETOOLONG, "link", link("short", long))
    try refused(ENAMETOOLONG, "symlink", symlink("x", long))
    try refused(ENAMETOOLONG, "readlink", readlink(long, &byte, 1))
    try refused(ENAMETOOLONG, "rename from", rename(long, "x"))
    try refused(ENAMETOOLONG, "rename to", rename("short", long))
    try refused(ENAMETOOLONG, "chmod", chmod(long, 0o644))
    try refused(ENAMETOOLONG, "chown", chown(long, 1, 1))
    try refused(ENAMETOOLONG, "truncate", truncate(long, 0))
    try refused(ENAMETOOLONG, "mkfifo", mkfifo(long, 0o644))
    try refused(ENAMETOOLONG, "utimensat", utimensat(AT_FDCWD, long, nil, 0))
    try refused(ENAMETOOLONG, "access", access(long, F_OK))
  }
  suite.check("that differ in case, or in how a letter is composed") { () throws(Failure) in
    let all = ["case", "CASE", "e\u{301}", "\u{e9}"]
    for name in all { try save(name, in: name) }
    for name in all { try expect("contents", Array(try text(of: name).utf8) == Array(name.utf8)) }
  }
}

/// Paths at their limits.
func checkPaths(_ suite: inout Suite) {
  // 20 × 201 bytes, and the last name makes the rest.
  let directory = String(repeating: String(repeating: "d", count: 200) + "/", count: 20)
  func path(_ length: Int) -> String { directory + String(repeating: "f", count: length - directory.utf8.count) }

  suite.check("of 4095 bytes") { () throws(Failure) in
    for level in 1...20 { try call("mkdir", mkdir(String(directory.prefix(201 * level - 1)), 0o755)) }
    try save("far", in: path(4095))
    try expect("contents", try text(of: path(4095)), is: "far")
    try call("chmod", chmod(path(4095), 0o600))
    try call("link", link(path(4095), path(4094)))
    try call("unlink", unlink(path(4094)))
  }
  suite.check("of 4096 bytes") { () throws(Failure) in
    var seen = stat()
    try refused(ENAMETOOLONG, "stat", stat(path(4096), &seen))
    try refused(ENAMETOOLONG, "create", open(path(4096), O_WRONLY | O_CREAT, 0o644))
    try refused(ENAMETOOLONG, "mkdir", mkdir(path(4096), 0o755))
    try refused(ENAMETOOLONG, "rename", rename(path(4095), path(4096)))
    try refused(ENAMETOOLONG, "unlink", unlink(path(4096)))
  }
  suite.check("full of slashes and dots") { () throws(Failure) in
    try call("mkdir", mkdir("a", 0o755))
    try save("plain", in: "a/file")
    try expect("slashes", try text(of: "a////file"), is: "plain")
    try expect("dots", try text(of: "./a/././../a/./file"), is: "plain")
  }
  suite.check(".. through what is missing or a file") { () throws(Failure) in
    try refused(ENOENT, "missing", open("missing/../a/file", O_RDONLY))
    try refused(ENOTDIR, "a file", open("a/file/../file", O_RDONLY))
  }
  suite.check("the working directory is told") { () throws(Failure) in
    try inChild { () throws(Failure) in
      try call("chdir", chdir("a"))
      var seen = [CChar](repeating: 0, count: 4096)
      if getcwd(&seen, seen.count) == nil { throw Failure("getcwd: \(message(errno))") }
      try expect(
        "it ends",
        String(decoding: seen.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
          .hasSuffix("/paths/a"))
    }
  }
}
