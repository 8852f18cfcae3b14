import Glibc
import GuestChecks

/// `rename` of files.
func checkRenaming(_ suite: inout Suite) {
  suite.check("keeps the file") { () throws(Failure) in
    try save("moved", in: "from", mode: 0o640)
    let before = try status("from")
    try call("rename", rename("from", "to"))
    let after = try status("to")
    try expect("inode", after.st_ino, is: before.st_ino)
    try expect("mode", after.st_mode, is: before.st_mode)
    try expect("the old name", isAbsent("from"))
    try expect("contents", try text(of: "to"), is: "moved")
  }
  suite.check("to another directory") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o755))
    try call("rename", rename("to", "directory/there"))
    try expect("names", try listing(of: "directory"), is: ["there"])
  }
  suite.check("over a file, whose links go down") { () throws(Failure) in
    try save("old", in: "old")
    try call("link", link("old", "old-too"))
    try save("new", in: "new")
    try call("rename", rename("new", "old"))
    try expect("contents", try text(of: "old"), is: "new")
    try expect("links", try status("old-too").st_nlink, is: 1)
  }
  suite.check("to its own name, and to another name of the same file") { () throws(Failure) in
    try save("same", in: "same")
    try call("rename", rename("same", "same"))
    try call("link", link("same", "other"))
    try call("rename", rename("same", "other"))
    try expect("contents", try text(of: "same") + (try text(of: "other")), is: "samesame")
    try expect("links", try status("same").st_nlink, is: 2)
  }
  suite.check("over a directory") { () throws(Failure) in
    try call("mkdir", mkdir("empty", 0o755))
    try refused(EISDIR, "an empty one", rename("same", "empty"))
    try refused(EISDIR, "a full one", rename("same", "directory"))
  }
  suite.check("over what is missing, or in a file") { () throws(Failure) in
    try refused(ENOENT, "of nothing", rename("nothing", "new"))
    try refused(ENOENT, "to nothing", rename("same", "nothing/new"))
    try refused(ENOTDIR, "of something in a file", rename("same/inside", "new"))
    try refused(ENOTDIR, "to something in a file", rename("same", "old/inside"))
    try refused(ENOENT, "of an empty name", rename("", "new"))
    try refused(ENOENT, "to an empty name", rename("same", ""))
  }
  suite.check("of a symbolic link, not of its target") { () throws(Failure) in
    try call("symlink", symlink("same", "link"))
    try call("rename", rename("link", "link-moved"))
    try expect("target", try target(of: "link-moved"), is: "same")
  }
  suite.check("over a symbolic link, not over its target") { () throws(Failure) in
    try save("fresh", in: "fresh")
    try call("rename", rename("fresh", "link-moved"))
    try expectMode("link-moved", S_IFREG | 0o644)
    try expect("the target", try text(of: "same"), is: "same")
  }
  suite.check("of a FIFO") { () throws(Failure) in
    try call("mkfifo", mkfifo("fifo", 0o600))
    try call("rename", rename("fifo", "directory/fifo"))
    try expectMode("directory/fifo", S_IFIFO | 0o600)
  }
  suite.check("an open file reads on and keeps its links") { () throws(Failure) in
    try save("open", in: "open")
    try withFile("open", O_RDWR) { file throws(Failure) in
      try call("rename", rename("open", "directory/opened"))
      try expect("links", try status(of: file).st_nlink, is: 1)
      try call("fchmod", fchmod(file, 0o600))
      try call("ftruncate", ftruncate(file, 2))
      try expect("bytes", String(decoding: try rest(of: file), as: UTF8.self), is: "op")
    }
    try expectMode("directory/opened", S_IFREG | 0o600)
  }
  suite.check("from and to a directory of others") { () throws(Failure) in
    try makePublicDirectory("public")
    try save("", in: "public/file")
    try asUser(1000, 1000) { () throws(Failure) in
      try refused(EACCES, "from", rename("same", "public/taken"))
      try refused(EACCES, "to", rename("public/file", "directory/given"))
    }
  }
  suite.check("with a slash at the end") { () throws(Failure) in
    try refused(ENOTDIR, "to", rename("same", "new/"))
    try refused(ENOTDIR, "from", rename("same/", "new"))
  }
}

/// `rename` of directories.
func checkRenamingDirectories(_ suite: inout Suite) {
  suite.check("with what is in it") { () throws(Failure) in
    try call("mkdir", mkdir("tree", 0o755))
    try call("mkdir", mkdir("tree/inner", 0o755))
    try save("deep", in: "tree/inner/file")
    try call("rename", rename("tree", "moved"))
    try expect("contents", try text(of: "moved/inner/file"), is: "deep")
    try expect("the old name", isAbsent("tree"))
  }
  suite.check("over an empty directory") { () throws(Failure) in
    try call("mkdir", mkdir("empty", 0o755))
    try call("rename", rename("moved", "empty"))
    try expect("names", try listing(of: "empty"), is: ["inner"])
  }
  suite.check("over a directory that holds something") { () throws(Failure) in
    try call("mkdir", mkdir("one", 0o755))
    let result = rename("one", "empty")
    try expect("errno", result == -1 && (errno == ENOTEMPTY || errno == EEXIST))
  }
  suite.check("over a file") { () throws(Failure) in
    try save("", in: "file")
    try refused(ENOTDIR, "rename", rename("one", "file"))
  }
  suite.check("into itself") { () throws(Failure) in
    try refused(EINVAL, "its own child", rename("empty", "empty/child"))
    try refused(EINVAL, "deeper", rename("empty", "empty/inner/child"))
  }
  suite.check("over the directory it is in") { () throws(Failure) in
    try refused(ENOTEMPTY, "rename", rename("empty/inner", "empty"))
  }
  suite.check("of . and ..") { () throws(Failure) in
    for name in ["one/.", "one/.."] {
      try refused(EBUSY, name, rename(name, "new"))
      try refused(EBUSY, "over \(name)", rename("one", name))
    }
  }
  suite.check("moves a link from one directory above to the other") { () throws(Failure) in
    for name in ["a", "b", "a/child"] { try call("mkdir", mkdir(name, 0o755)) }
    try call("rename", rename("a/child", "b/child"))
    try expect("of the old", try status("a").st_nlink, is: 2)
    try expect("of the new", try status("b").st_nlink, is: 3)
    try expect("of the child", try status("b/child").st_nlink, is: 2)
  }
  suite.check("over an empty directory takes a link from the directory above") { () throws(Failure) in
    for name in ["c", "c/one", "c/two"] { try call("mkdir", mkdir(name, 0o755)) }
    try call("rename", rename("c/one", "c/two"))
    try expect("links", try status("c").st_nlink, is: 3)
  }
  suite.check("its .. is the new directory above") { () throws(Failure) in
    var (up, above) = (stat(), stat())
    try call("stat", stat("b/child/..", &up))
    try call("stat", stat("b", &above))
    try expect("inode", up.st_ino, is: above.st_ino)
  }
  suite.check("one that a process is in") { () throws(Failure) in
    try inChild { () throws(Failure) in
      try call("chdir", chdir("b/child"))
      try call("rename", rename("../../b/child", "../../a/adopted"))
      try save("here", in: "file")
    }
    try expect("contents", try text(of: "a/adopted/file"), is: "here")
  }
  suite.check("a user's to another directory needs to write it, since .. changes") { () throws(Failure) in
    try makePublicDirectory("from")
    try makePublicDirectory("to")
    try call("mkdir", mkdir("from/roots", 0o755))
    try asUser(1000, 1000) { () throws(Failure) in
      try refused(EACCES, "to another", rename("from/roots", "to/roots"))
      try call("in the same", rename("from/roots", "from/renamed"))
    }
  }
}
