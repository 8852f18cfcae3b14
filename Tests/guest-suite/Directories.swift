import Glibc
import GuestChecks

/// Making, listing and removing directories.
func checkDirectories(_ suite: inout Suite) {
  suite.check("mkdir and rmdir") { () throws(Failure) in
    try call("mkdir", mkdir("one", 0o777))
    try expectMode("one", S_IFDIR | 0o755)
    try expectOwner("one", 0, 0)
    try expect("names", try listing(of: "one"), is: [])
    try call("rmdir", rmdir("one"))
    try expect("it is still there", isAbsent("one"))
  }
  suite.check("what mkdir and rmdir refuse") { () throws(Failure) in
    try call("mkdir", mkdir("full", 0o755))
    try save("", in: "full/file")
    try refused(EEXIST, "mkdir of what is there", mkdir("full", 0o755))
    try refused(EEXIST, "mkdir over a file", mkdir("full/file", 0o755))
    try refused(ENOENT, "mkdir in nothing", mkdir("nothing/inside", 0o755))
    try refused(ENOTDIR, "mkdir in a file", mkdir("full/file/inside", 0o755))
    try refused(ENOTEMPTY, "rmdir of a full directory", rmdir("full"))
    try refused(ENOTDIR, "rmdir of a file", rmdir("full/file"))
    try refused(EISDIR, "unlink of a directory", unlink("full"))
    try refused(ENOENT, "rmdir of nothing", rmdir("nothing"))
  }
  suite.check("a nested tree") { () throws(Failure) in
    var path = "tree"
    for level in 0..<20 {
      try call("mkdir", mkdir(path, 0o755))
      try save("\(level)", in: "\(path)/file")
      path += "/below"
    }
    let bottom = "tree" + String(repeating: "/below", count: 19)
    try expect("contents at the bottom", try text(of: "\(bottom)/file"), is: "19")
    try expect("by way of ..", try text(of: "tree/below/../below/../file"), is: "0")
    try expect("names", try listing(of: "tree/below"), is: ["below", "file"])
  }
  suite.check("link count of a directory") { () throws(Failure) in
    try call("mkdir", mkdir("parent", 0o755))
    for name in ["a", "b", "c"] { try call("mkdir", mkdir("parent/\(name)", 0o755)) }
    let count = try status("parent").st_nlink
    // Some file systems (btrfs) always say 1.
    try expect("it is \(count)", count == 5 || count == 1)
  }
  suite.check("2000 entries, each listed once") { () throws(Failure) in
    try call("mkdir", mkdir("crowd", 0o755))
    for number in 0..<2000 {
      let name = "crowd/entry-\(number)"
      if number % 4 == 3 {
        try call("mkdir \(name)", mkdir(name, 0o755))
      } else {
        close(try call("create \(name)", open(name, O_WRONLY | O_CREAT | O_EXCL, 0o644)))
      }
    }
    let wanted = (0..<2000).map { "entry-\($0)" }.sorted()
    let seen = try listing(of: "crowd")
    try expect("count", seen.count, is: 2000)
    try expect("names", seen == wanted)
  }
  suite.check("listed again after half of them went") { () throws(Failure) in
    for number in stride(from: 0, to: 2000, by: 2) { try call("unlink", unlink("crowd/entry-\(number)")) }
    let wanted = stride(from: 1, to: 2000, by: 2).map { "entry-\($0)" }.sorted()
    try expect("names", try listing(of: "crowd") == wanted)
  }
  suite.check("a directory read, emptied and rewound") { () throws(Failure) in
    try call("mkdir", mkdir("emptied", 0o755))
    for number in 0..<50 { try save("", in: "emptied/\(number)") }
    guard let open = opendir("emptied") else { throw Failure("opendir: \(message(errno))") }
    defer { closedir(open) }
    try expect("count", try names(in: open).count, is: 50)
    for number in 0..<50 { try call("unlink", unlink("emptied/\(number)")) }
    rewinddir(open)
    try expect("count after", try names(in: open).count, is: 0)
    try save("", in: "emptied/late")
    rewinddir(open)
    try expect("count at last", try names(in: open).count, is: 1)
  }
}

/// What rename replaces, moves and refuses.
func checkRenaming(_ suite: inout Suite) {
  suite.check("rename in a directory and to another") { () throws(Failure) in
    try save("moved", in: "from")
    try call("rename", rename("from", "to"))
    try expect("the old name", isAbsent("from"))
    try call("mkdir", mkdir("directory", 0o755))
    try call("rename", rename("to", "directory/there"))
    try expect("contents", try text(of: "directory/there"), is: "moved")
    try expect("names", try listing(of: "directory"), is: ["there"])
  }
  suite.check("rename over what exists") { () throws(Failure) in
    try save("new", in: "new")
    try save("old", in: "old")
    let inode = try status("new").st_ino
    try call("rename", rename("new", "old"))
    try expect("contents", try text(of: "old"), is: "new")
    try expect("inode", try status("old").st_ino, is: inode)
  }
  suite.check("rename of a directory with what is in it") { () throws(Failure) in
    try call("mkdir", mkdir("moving", 0o755))
    try call("mkdir", mkdir("moving/inner", 0o755))
    try save("deep", in: "moving/inner/file")
    try withFile("moving/inner/file", O_RDWR) { file throws(Failure) in
      try call("rename", rename("moving", "moved"))
      // The open file's path changed under it.
      try call("ftruncate", ftruncate(file, 2))
      try expect("size", try status(of: file).st_size, is: 2)
    }
    try expect("contents", try text(of: "moved/inner/file"), is: "de")
    try call("mkdir", mkdir("empty", 0o755))
    try call("rename over an empty directory", rename("moved", "empty"))
    try expect("names", try listing(of: "empty"), is: ["inner"])
  }
  suite.check("what rename refuses") { () throws(Failure) in
    for name in ["a", "b"] {
      try call("mkdir", mkdir(name, 0o755))
      try save("", in: "\(name)/file")
    }
    try save("", in: "plain")
    try refused(ENOTEMPTY, "over a full directory", rename("a", "b"))
    try refused(EISDIR, "a file over a directory", rename("plain", "b"))
    try refused(ENOTDIR, "a directory over a file", rename("a", "plain"))
    try refused(EINVAL, "a directory into itself", rename("a", "a/inside"))
    try refused(ENOENT, "nothing", rename("nothing", "something"))
    try refused(ENOENT, "into nothing", rename("plain", "nothing/plain"))
    try refused(EXDEV, "out of the share", rename("plain", "/tmp/plain"))
  }
  suite.check("rename of one hard link over another does nothing") { () throws(Failure) in
    try save("same", in: "same")
    try call("link", link("same", "other"))
    try call("rename", rename("same", "other"))
    try expect("links", try status("same").st_nlink, is: 2)
  }
}
