import Glibc
import GuestChecks

/// `link`.
func checkHardLinks(_ suite: inout Suite) {
  suite.check("counts the names of a file") { () throws(Failure) in
    try save("one", in: "file")
    try call("mkdir", mkdir("directory", 0o755))
    try call("link", link("file", "second"))
    try call("link", link("second", "directory/third"))
    for name in ["file", "second", "directory/third"] { try expect(name, try status(name).st_nlink, is: 3) }
    try call("unlink", unlink("second"))
    try expect("after unlink", try status("file").st_nlink, is: 2)
    try expect("inode", try status("file").st_ino, is: try status("directory/third").st_ino)
  }
  suite.check("is seen by who has the file open") { () throws(Failure) in
    try save("", in: "open")
    try withFile("open", O_RDONLY) { file throws(Failure) in
      try call("link", link("open", "open-too"))
      try expect("links", try status(of: file).st_nlink, is: 2)
      try call("unlink", unlink("open"))
      try expect("links after", try status(of: file).st_nlink, is: 1)
    }
  }
  suite.check("what one name changes, the other shows") { () throws(Failure) in
    try call("chmod", chmod("file", 0o600))
    try save("changed", in: "directory/third")
    try expectMode("directory/third", S_IFREG | 0o600)
    try expect("contents", try text(of: "file"), is: "changed")
    try expect("size", try status("file").st_size, is: 7)
  }
  suite.check("of a directory") { () throws(Failure) in
    try refused(EPERM, "link", link("directory", "another"))
    try expect("it appeared", isAbsent("another"))
  }
  suite.check("over what is there") { () throws(Failure) in
    try save("", in: "there")
    try refused(EEXIST, "a file", link("file", "there"))
    try refused(EEXIST, "a directory", link("file", "directory"))
    try refused(EEXIST, "itself", link("file", "file"))
    try call("symlink", symlink("nowhere", "dangling"))
    try refused(EEXIST, "a dangling link", link("file", "dangling"))
  }
  suite.check("of what is missing, or to where nothing is") { () throws(Failure) in
    try refused(ENOENT, "of nothing", link("nothing", "another"))
    try refused(ENOENT, "to nothing", link("file", "nothing/another"))
    try refused(ENOTDIR, "of something in a file", link("file/inside", "another"))
    try refused(ENOTDIR, "to something in a file", link("file", "there/another"))
    try refused(ENOENT, "of an empty name", link("", "another"))
    try refused(ENOENT, "to an empty name", link("file", ""))
  }
  suite.check("of a symbolic link, not of its target") { () throws(Failure) in
    try call("link", link("dangling", "dangling-too"))
    try expect("target", try target(of: "dangling-too"), is: "nowhere")
    try expect("links", try status("dangling").st_nlink, is: 2)
  }
  suite.check("of a symbolic link's target, with AT_SYMLINK_FOLLOW") { () throws(Failure) in
    try call("symlink", symlink("there", "to-there"))
    try call("linkat", linkat(AT_FDCWD, "to-there", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW))
    try expect("inode", try status("followed").st_ino, is: try status("there").st_ino)
  }
  suite.check("of a FIFO") { () throws(Failure) in
    try call("mkfifo", mkfifo("fifo", 0o600))
    try call("link", link("fifo", "fifo-too"))
    try expect("links", try status("fifo").st_nlink, is: 2)
  }
  suite.check("into a directory of others") { () throws(Failure) in
    try makePublicDirectory("public")
    try asUser(1000, 1000) { () throws(Failure) in
      try save("", in: "public/own")
      try refused(EACCES, "link", link("public/own", "directory/own"))
    }
  }
}

/// `symlink` and `readlink`.
func checkSymbolicLinks(_ suite: inout Suite) {
  suite.check("a link is a link, whatever it leads to") { () throws(Failure) in
    try call("symlink", symlink("file", "link"))
    let seen = try status("link")
    try expect("type", seen.st_mode & S_IFMT, is: S_IFLNK)
    try expect("size", seen.st_size, is: 4)
    try expect("links", seen.st_nlink, is: 1)
    try expect("mode", octal(seen.st_mode & 0o777), is: "777")
    try expect("target", try target(of: "link"), is: "file")
  }
  suite.check("over what is there") { () throws(Failure) in
    try save("", in: "file")
    try refused(EEXIST, "a file", symlink("x", "file"))
    try refused(EEXIST, "a link", symlink("x", "link"))
  }
  suite.check("where nothing is") { () throws(Failure) in
    try refused(ENOENT, "in nothing", symlink("x", "nothing/link"))
    try refused(ENOTDIR, "in a file", symlink("x", "file/link"))
    try refused(ENOENT, "of an empty name", symlink("x", ""))
    try refused(ENOENT, "to an empty target", symlink("", "empty"))
  }
  suite.check("targets up to 4095 bytes") { () throws(Failure) in
    for length in [1, 59, 60, 255, 1023, 4094, 4095] {
      let wanted = String(repeating: "t", count: length)
      try call("symlink of \(length) bytes", symlink(wanted, "long-\(length)"))
      try expect("target of \(length) bytes", try target(of: "long-\(length)") == wanted)
      try expect("size", try status("long-\(length)").st_size, is: off_t(length))
    }
  }
  suite.check("a target of 4096 bytes") { () throws(Failure) in
    try refused(ENAMETOOLONG, "symlink", symlink(String(repeating: "t", count: 4096), "too-long"))
  }
  suite.check("a target that isn't text") { () throws(Failure) in
    try call("symlink", symlink([CChar(bitPattern: 0xff), 0x2f, CChar(bitPattern: 0xfe), 10, 0], "bytes"))
    var seen = [CChar](repeating: 0, count: 8)
    try expect("count", try call("readlink", readlink("bytes", &seen, 8)), is: 4)
    try expect("bytes", Array(seen[..<4]), is: [-1, 0x2f, -2, 10])
  }
  suite.check("readlink cuts what there is no room for") { () throws(Failure) in
    var seen = [CChar](repeating: 9, count: 4)
    try expect("count", try call("readlink", readlink("link", &seen, 2)), is: 2)
    try expect("bytes", seen, is: [0x66, 0x69, 9, 9])
  }
  suite.check("readlink of what is no link") { () throws(Failure) in
    var byte: CChar = 0
    try call("mkdir", mkdir("directory", 0o755))
    try refused(EINVAL, "a file", readlink("file", &byte, 1))
    try refused(EINVAL, "a directory", readlink("directory", &byte, 1))
    try refused(ENOENT, "nothing", readlink("nothing", &byte, 1))
    try refused(ENOTDIR, "in a file", readlink("file/inside", &byte, 1))
  }
  suite.check("is its maker's") { () throws(Failure) in
    try makePublicDirectory("public")
    try asUser(1000, 1001) { () throws(Failure) in try call("symlink", symlink("x", "public/own")) }
    try expectOwner("public/own", 1000, 1001)
  }
  suite.check("in a directory of others") { () throws(Failure) in
    try asUser(1000, 1000) { () throws(Failure) in try refused(EACCES, "symlink", symlink("x", "directory/link")) }
  }
  suite.check("on the way to a file, and as .. of its target") { () throws(Failure) in
    try call("mkdir", mkdir("directory/inner", 0o755))
    try save("found", in: "directory/file")
    try call("symlink", symlink("directory/inner", "short"))
    try expect("by ..", try text(of: "short/../file"), is: "found")
  }
  suite.check("with a slash at the end is what it leads to") { () throws(Failure) in
    var seen = stat()
    try call("lstat", lstat("short/", &seen))
    try expect("type", seen.st_mode & S_IFMT, is: S_IFDIR)
  }
}
