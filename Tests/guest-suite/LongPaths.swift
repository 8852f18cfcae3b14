import Glibc
import GuestChecks

/// The longest path that a program may name, its NUL not counted.
private let longest = 4095

/// Absolute paths of exactly the length that the guest's kernel allows.
func checkLongPaths(_ suite: inout Suite) {
  let top = "\(suite.directory)/paths"
  let component = String(repeating: "d", count: 200)
  /// A directory so deep that one name beneath it, of 2 to 202 bytes, makes the longest path.
  let directory: String = {
    var path = top
    while path.utf8.count + 1 + 200 <= longest - 3 { path += "/" + component }
    return path
  }()
  /// A path of exactly `length` bytes beneath it.
  func path(_ letter: String, _ length: Int = longest) -> String {
    directory + "/" + String(repeating: letter, count: length - directory.utf8.count - 1)
  }

  suite.check("the tree is made") { () throws(Failure) in
    var path = top
    while path != directory {
      path += "/" + component
      try call("mkdir \(shown(path))", mkdir(path, 0o755))
    }
  }
  for length in [longest - 1, longest] {
    suite.check("a file at a path of \(length) bytes") { () throws(Failure) in
      let (file, other) = (path("f", length), path("g", length))
      try expect("length", file.utf8.count, is: length)
      try save("deep", in: file)
      try expect("contents", try text(of: file), is: "deep")
      try call("chmod", chmod(file, 0o600))
      try call("chown", chown(file, 1, 2))
      try expectOwner(file, 1, 2)
      try call("truncate", truncate(file, 2))
      try call("link", link(file, other))
      try expect("links", try status(other).st_nlink, is: 2)
      try call("unlink", unlink(file))
      try call("rename", rename(other, file))
      try expect("contents", try text(of: file), is: "de")
      try expect("the other name", isAbsent(other))
      try call("unlink", unlink(file))
      try call("symlink", symlink("nowhere", file))
      try expect("target", try target(of: file), is: "nowhere")
      try call("unlink", unlink(file))
      try call("mknod", mknod(file, S_IFIFO | 0o644, 0))
      try call("unlink", unlink(file))
    }
    suite.check("a directory at a path of \(length) bytes") { () throws(Failure) in
      let name = path("d", length)
      try call("mkdir", mkdir(name, 0o755))
      try expect("names in it", try listing(of: name), is: [])
      try call("rename", rename(name, path("e", length)))
      try call("rmdir", rmdir(path("e", length)))
    }
  }
  suite.check("one byte more is too long") { () throws(Failure) in
    try refused(ENAMETOOLONG, "create", open(path("f", longest + 1), O_WRONLY | O_CREAT, 0o644))
  }
  suite.check("the tree is removed") { () throws(Failure) in
    var path = directory
    while path != top {
      try call("rmdir \(shown(path))", rmdir(path))
      path = String(path.dropLast(component.count + 1))
    }
  }
}

/// Directories deeper than any absolute path, as a program reaches them that goes down step by step.
func checkDeepPaths(_ suite: inout Suite) {
  let name = String(repeating: "d", count: 250)
  let levels = 40
  let top = "\(suite.directory)/depths/top"

  suite.check("\(levels) levels of \(name.utf8.count) bytes are made") { () throws(Failure) in
    for _ in 0..<levels {
      try call("mkdir", mkdir(name, 0o755))
      try call("chdir", chdir(name))
    }
  }
  suite.check("a file is made, changed, listed and removed there") { () throws(Failure) in
    try save("deep", in: "file")
    try expect("contents", try text(of: "file"), is: "deep")
    try call("chmod", chmod("file", 0o640))
    try expectMode("file", S_IFREG | 0o640)
    try call("chown", chown("file", 1000, 1000))
    try expectOwner("file", 1000, 1000)
    try call("truncate", truncate("file", 2))
    try call("rename", rename("file", "renamed"))
    try call("link", link("renamed", "linked"))
    try expect("contents", try text(of: "linked"), is: "de")
    try expect("names", try listing(of: "."), is: ["linked", "renamed"])
    try call("unlink", unlink("linked"))
    try call("unlink", unlink("renamed"))
  }
  suite.check("and what else has a name") { () throws(Failure) in
    try call("symlink", symlink("nowhere", "link"))
    try expect("target", try target(of: "link"), is: "nowhere")
    try call("mkfifo", mkfifo("fifo", 0o600))
    try call("mkdir", mkdir("directory", 0o755))
    try refused(ENOENT, "what is missing", open("missing", O_RDONLY))
    try refused(EEXIST, "what is there", mkdir("directory", 0o755))
    try expect("names", try listing(of: "."), is: ["directory", "fifo", "link"])
    for name in ["link", "fifo"] { try call("unlink \(name)", unlink(name)) }
    try call("rmdir", rmdir("directory"))
  }
  suite.check("another user makes things there too") { () throws(Failure) in
    try call("chmod", chmod(".", 0o777))
    try asUser(1000, 100) { () throws(Failure) in try save("", in: "mine") }
    try expectOwner("mine", 1000, 100)
    try call("unlink", unlink("mine"))
  }
  suite.check("a directory is moved from there to the top and back") { () throws(Failure) in
    try call("mkdir", mkdir("moving", 0o755))
    try save("kept", in: "moving/file")
    try call("rename up", rename("moving", top))
    try expect("contents", try text(of: "\(top)/file"), is: "kept")
    try call("rename down", rename(top, "moving"))
    try expect("contents", try text(of: "moving/file"), is: "kept")
    try call("unlink", unlink("moving/file"))
    try call("rmdir", rmdir("moving"))
  }
  suite.check("they are removed") { () throws(Failure) in
    for _ in 0..<levels {
      try call("chdir", chdir(".."))
      try call("rmdir", rmdir(name))
    }
    try expect("names", try listing(of: "."), is: [])
  }
}
