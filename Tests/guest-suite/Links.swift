import Glibc
import GuestChecks

/// Hard and symbolic links.
func checkLinks(_ suite: inout Suite) {
  suite.check("hard links share one file") { () throws(Failure) in
    try save("one", in: "first")
    try call("mkdir", mkdir("directory", 0o755))
    try call("link", link("first", "second"))
    try call("link", link("first", "directory/third"))
    let wanted = try status("first")
    for name in ["first", "second", "directory/third"] {
      let seen = try status(name)
      try expect("inode of \(name)", seen.st_ino, is: wanted.st_ino)
      try expect("links of \(name)", seen.st_nlink, is: 3)
    }
    try save("changed", in: "second")
    try expect("contents", try text(of: "directory/third"), is: "changed")
    try call("unlink", unlink("first"))
    try expect("links after", try status("second").st_nlink, is: 2)
    try expect("contents after", try text(of: "second"), is: "changed")
  }
  suite.check("what link refuses") { () throws(Failure) in
    try save("", in: "file")
    try call("mkdir", mkdir("linked", 0o755))
    try refused(EEXIST, "over what is there", link("file", "linked"))
    try refused(EPERM, "a directory", link("linked", "another"))
    try refused(ENOENT, "nothing", link("nothing", "another"))
    try refused(EXDEV, "from outside", link("/bin/busybox", "another"))
  }
  suite.check("a hard link to a symbolic link") { () throws(Failure) in
    try call("symlink", symlink("nowhere", "soft"))
    try call("linkat", linkat(AT_FDCWD, "soft", AT_FDCWD, "soft-too", 0))
    try expect("target", try target(of: "soft-too"), is: "nowhere")
    try expect("links", try status("soft").st_nlink, is: 2)
  }
  suite.check("symbolic links are read and followed") { () throws(Failure) in
    try save("target", in: "target")
    try call("symlink", symlink("target", "link"))
    try expect("what it holds", try target(of: "link"), is: "target")
    try expect("mode", try status("link").st_mode & S_IFMT, is: S_IFLNK)
    try expect("size", try status("link").st_size, is: 6)
    try expect("contents through it", try text(of: "link"), is: "target")
    try save("through", in: "link")
    try expect("contents written through it", try text(of: "target"), is: "through")
    try call("unlink", unlink("link"))
    try expect("contents after unlink", try text(of: "target"), is: "through")
    try refused(EINVAL, "readlink of a file", readByte(ofLink: "target"))
  }
  suite.check("a link to a directory") { () throws(Failure) in
    try call("mkdir", mkdir("real", 0o755))
    try call("symlink", symlink("real", "alias"))
    try save("inside", in: "alias/file")
    try expect("contents", try text(of: "real/file"), is: "inside")
    try expect("names", try listing(of: "alias"), is: ["file"])
    try refused(ENOTDIR, "rmdir of the link", rmdir("alias"))
  }
  suite.check("dangling links") { () throws(Failure) in
    try call("symlink", symlink("later", "dangling"))
    try refused(ENOENT, "open", open("dangling", O_RDONLY))
    var seen = stat()
    try refused(ENOENT, "stat", stat("dangling", &seen))
    try expect("target", try target(of: "dangling"), is: "later")
    try save("now", in: "dangling")
    try expect("what it made", try text(of: "later"), is: "now")
  }
  suite.check("loops") { () throws(Failure) in
    try call("symlink", symlink("loop-b", "loop-a"))
    try call("symlink", symlink("loop-a", "loop-b"))
    try refused(ELOOP, "open", open("loop-a", O_RDONLY))
    try expect("target", try target(of: "loop-a"), is: "loop-b")
  }
  suite.check("absolute links, and links that climb, lead to the guest's files") { () throws(Failure) in
    try save("the guest's", in: "/tmp/own")
    try call("symlink", symlink("/tmp/own", "absolute"))
    try expect("absolute", try text(of: "absolute"), is: "the guest's")
    let climbing = String(repeating: "../", count: 20) + "tmp/own"
    try call("symlink", symlink(climbing, "climbing"))
    try expect("climbing", try text(of: "climbing"), is: "the guest's")
    try expect("target", try target(of: "climbing"), is: climbing)
  }
  suite.check("targets of every length up to the longest") { () throws(Failure) in
    for length in [1, 59, 60, 255, 256, 1024, 4094, 4095] {
      let wanted = String(repeating: "t", count: length)
      try call("symlink of \(length) bytes", symlink(wanted, "long-\(length)"))
      let seen = try target(of: "long-\(length)")
      try expect("target of \(length) bytes, \(seen.utf8.count) read", seen == wanted)
    }
    try refused(ENAMETOOLONG, "4096 bytes", symlink(String(repeating: "t", count: 4096), "too-long"))
    try refused(ENOENT, "no bytes", symlink("", "none"))
  }
}

/// `readlink` with room for a byte, of what may be no link.
private func readByte(ofLink path: String) -> Int {
  var byte: CChar = 0
  return readlink(path, &byte, 1)
}

/// Names of unusual bytes and lengths.
func checkNames(_ suite: inout Suite) {
  let odd: [(what: String, bytes: [UInt8])] = [
    ("a space", Array("a b".utf8)),
    ("a line feed", Array("a\nb".utf8)),
    ("a tab and a backslash", Array("a\t\\b".utf8)),
    ("quotes and a dollar", Array("'\"$`".utf8)),
    ("three dots", Array("...".utf8)),
    ("a leading dash", Array("-rf".utf8)),
    ("a leading dot", Array(".hidden".utf8)),
    ("UTF-8", Array("żółć-日本-🚪".utf8)),
    ("bytes that aren't UTF-8", [0xff, 0xfe, 0x80, 0x41]),
    ("control bytes", [1, 2, 0x1b, 0x7f]),
    ("a colon and a percent sign", Array("a:b%2Fc".utf8)),
    ("one byte", Array("x".utf8)),
    ("255 bytes", [UInt8](repeating: 0x6e, count: 255)),
    ("254 bytes, not UTF-8", [UInt8](repeating: 0xe9, count: 254)),
  ]
  for (what, bytes) in odd {
    suite.check("a name of \(what)") { () throws(Failure) in
      let name = bytes.map { CChar(bitPattern: $0) } + [0]
      let file = try call("create", open(name, O_RDWR | O_CREAT | O_EXCL, 0o644))
      close(file)
      var seen = stat()
      try call("lstat", lstat(name, &seen))
      try expect("the listing holds it", try names(in: ".").filter { $0 == bytes }.count, is: 1)
      try call("rename away", rename(name, "elsewhere"))
      try call("rename back", rename("elsewhere", name))
      try call("symlink to it", symlink(name, "to-it"))
      try call("stat through the link", stat("to-it", &seen))
      try call("unlink of the link", unlink("to-it"))
      try call("unlink", unlink(name))
      try call("mkdir", mkdir(name, 0o755))
      try call("rmdir", rmdir(name))
      try refused(ENOENT, "lstat", lstat(name, &seen))
    }
  }
  suite.check("a name of 256 bytes is too long") { () throws(Failure) in
    let name = String(repeating: "n", count: 256)
    try refused(ENAMETOOLONG, "create", open(name, O_WRONLY | O_CREAT, 0o644))
    try refused(ENAMETOOLONG, "mkdir", mkdir(name, 0o755))
    try save("", in: "short")
    try refused(ENAMETOOLONG, "rename", rename("short", name))
  }
  suite.check("names that differ in case only") { () throws(Failure) in
    try save("upper", in: "CASE")
    try save("lower", in: "case")
    try expect("contents", try text(of: "CASE") + (try text(of: "case")), is: "upperlower")
  }
}
