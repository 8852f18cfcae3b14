import Glibc
import GuestChecks

/// Reading, writing, sizes.
func checkContents(_ suite: inout Suite) {
  suite.check("create, write, read") { () throws(Failure) in
    try save("hello\n", in: "file")
    try expect("contents", try text(of: "file"), is: "hello\n")
    try expect("size", try status("file").st_size, is: 6)
    try expectMode("file", S_IFREG | 0o644)
    try expectOwner("file", 0, 0)
  }
  suite.check("an empty file") { () throws(Failure) in
    try save("", in: "empty")
    try expect("contents", try bytes(of: "empty"), is: [])
    try expect("size", try status("empty").st_size, is: 0)
  }
  suite.check("overwriting a part") { () throws(Failure) in
    try save("0123456789", in: "part")
    try withFile("part", O_RDWR) { file throws(Failure) in
      try call("pwrite", pwrite(file, "abc", 3, 4))
      try call("lseek", lseek(file, 2, SEEK_SET))
      try expect("what follows", String(decoding: try rest(of: file), as: UTF8.self), is: "23abc789")
    }
  }
  suite.check("appending") { () throws(Failure) in
    try save("one\n", in: "append")
    for line in ["two\n", "three\n"] {
      try withFile("append", O_WRONLY | O_APPEND) { file throws(Failure) in
        try call("lseek", lseek(file, 0, SEEK_SET))
        try write(Array(line.utf8), to: file)
      }
    }
    try expect("contents", try text(of: "append"), is: "one\ntwo\nthree\n")
  }
  suite.check("truncate shortens and lengthens") { () throws(Failure) in
    try save("0123456789", in: "truncate")
    try call("truncate", truncate("truncate", 4))
    try expect("shorter", try text(of: "truncate"), is: "0123")
    try call("truncate", truncate("truncate", 8))
    try expect("longer", try bytes(of: "truncate"), is: Array("0123".utf8) + [0, 0, 0, 0])
    try withFile("truncate", O_RDWR) { file throws(Failure) in
      try call("ftruncate", ftruncate(file, 2))
      try expect("size", try status(of: file).st_size, is: 2)
    }
    try expect("contents", try text(of: "truncate"), is: "01")
  }
  suite.check("truncate of what is no file") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o755))
    try refused(EISDIR, "a directory", truncate("directory", 0))
    try refused(ENOENT, "nothing", truncate("nothing", 0))
    try refused(EINVAL, "a negative size", truncate("file", -1))
  }
  suite.check("sizes beyond 4 GiB") { () throws(Failure) in
    let size: off_t = 5 << 30 + 3
    try save("", in: "sparse")
    try call("truncate", truncate("sparse", size))
    try expect("size", try status("sparse").st_size, is: size)
    try withFile("sparse", O_RDWR) { file throws(Failure) in
      try call("pwrite", pwrite(file, "end", 3, size))
      var seen = [UInt8](repeating: 1, count: 8)
      try expect("count", try call("pread", pread(file, &seen, 8, size - 2)), is: 5)
      try expect("bytes", Array(seen[..<5]), is: [0, 0] + Array("end".utf8))
      try expect("count of a hole", try call("pread", pread(file, &seen, 8, 1 << 32)), is: 8)
      try expect("bytes of a hole", seen, is: [UInt8](repeating: 0, count: 8))
    }
    let seen = try status("sparse")
    try expect("size", seen.st_size, is: size + 3)
    try expect("\(seen.st_blocks) blocks for three bytes and a hole", seen.st_blocks < 1000)
    try call("unlink", unlink("sparse"))
  }
  suite.check("some megabytes, in parts of odd sizes") { () throws(Failure) in
    let wanted = pattern(4 << 20 + 12_345)
    try withFile("big", O_WRONLY | O_CREAT | O_EXCL) { file throws(Failure) in
      var start = 0
      for size in [1, 4095, 4096, 65_537, 262_120, 262_144, 1_000_003, wanted.count] {
        let end = min(start + size, wanted.count)
        try write(Array(wanted[start..<end]), to: file)
        start = end
      }
    }
    try expect("size", try status("big").st_size, is: off_t(wanted.count))
    for size in [1 << 20, 99_991] {
      try withFile("big", O_RDONLY) { file throws(Failure) in
        let seen = try rest(of: file, inPartsOf: size)
        try expect("checksum read by \(size)", checksum(seen), is: checksum(wanted))
      }
    }
  }
  suite.check("fsync and fdatasync") { () throws(Failure) in
    try withFile("synced", O_RDWR | O_CREAT) { file throws(Failure) in
      try write([1], to: file)
      try call("fsync", fsync(file))
      try write([2], to: file)
      try call("fdatasync", fdatasync(file))
    }
    try withFile(".", O_RDONLY | O_DIRECTORY) { directory throws(Failure) in
      try call("fsync of the directory", fsync(directory))
    }
  }
  suite.check("a program copied here runs") { () throws(Failure) in
    let program = try bytes(of: "/bin/busybox")
    try withFile("program", O_WRONLY | O_CREAT | O_EXCL, 0o755) { file throws(Failure) in try write(program, to: file) }
    try expect("checksum", checksum(try bytes(of: "program")), is: checksum(program))
    let child = try call("fork", fork())
    if child == 0 {
      let words: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
      execv("program", words)
      _exit(126)
    }
    var status: CInt = 0
    try call("waitpid", waitpid(child, &status, 0))
    try expect("status", status, is: 0)
  }
  suite.check("statfs tells of the host's file system") { () throws(Failure) in
    var seen = statvfs()
    try call("statvfs", statvfs(".", &seen))
    try expect("f_bsize is \(seen.f_bsize)", seen.f_bsize >= 512)
    try expect("f_blocks is \(seen.f_blocks)", seen.f_blocks > 0)
    try expect("f_bfree is \(seen.f_bfree) of \(seen.f_blocks)", seen.f_bfree <= seen.f_blocks)
    try expect("f_namemax", seen.f_namemax, is: 255)
  }
}

/// The flags of `open`, and what can't be opened.
func checkOpening(_ suite: inout Suite) {
  suite.check("O_EXCL makes a file, once") { () throws(Failure) in
    try withFile("once", O_WRONLY | O_CREAT | O_EXCL) { _ throws(Failure) in }
    try refused(EEXIST, "again", open("once", O_WRONLY | O_CREAT | O_EXCL, 0o644))
    try call("symlink", symlink("nowhere", "dangling"))
    try refused(EEXIST, "over a dangling link", open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0o644))
    try expect("the link's target appeared", isAbsent("nowhere"))
  }
  suite.check("O_CREAT keeps what is there, O_TRUNC doesn't") { () throws(Failure) in
    try save("contents", in: "kept")
    try call("chmod", chmod("kept", 0o600))
    try withFile("kept", O_RDWR | O_CREAT, 0o666) { file throws(Failure) in
      try expect("size", try status(of: file).st_size, is: 8)
    }
    try expectMode("kept", S_IFREG | 0o600)
    try withFile("kept", O_WRONLY | O_TRUNC) { file throws(Failure) in
      try expect("size", try status(of: file).st_size, is: 0)
    }
  }
  suite.check("reading what was opened to write, and the other way") { () throws(Failure) in
    var byte: UInt8 = 0
    try withFile("oneway", O_WRONLY | O_CREAT) { file throws(Failure) in
      try refused(EBADF, "read", read(file, &byte, 1))
    }
    try withFile("oneway", O_RDONLY) { file throws(Failure) in
      try refused(EBADF, "write", Glibc.write(file, &byte, 1))
    }
  }
  suite.check("what is missing, and what is of another kind") { () throws(Failure) in
    try save("", in: "file")
    try call("mkdir", mkdir("directory", 0o755))
    try refused(ENOENT, "a missing file", open("missing", O_RDONLY))
    try refused(ENOENT, "a missing directory", open("missing/file", O_WRONLY | O_CREAT, 0o644))
    try refused(ENOTDIR, "a file as a directory", open("file/inside", O_RDONLY))
    try refused(ENOTDIR, "O_DIRECTORY on a file", open("file", O_RDONLY | O_DIRECTORY))
    try refused(EISDIR, "writing a directory", open("directory", O_WRONLY))
    try refused(ENOENT, "an empty name", open("", O_RDONLY))
    try call("symlink", symlink("file", "link"))
    try refused(ELOOP, "O_NOFOLLOW on a link", open("link", O_RDONLY | O_NOFOLLOW))
  }
  suite.check("many files open at once") { () throws(Failure) in
    var files: [CInt] = []
    defer { for file in files { close(file) } }
    for number in 0..<200 {
      files.append(try call("open number \(number)", open("many-\(number)", O_RDWR | O_CREAT, 0o644)))
    }
    for (number, file) in files.enumerated() {
      let bytes = Array("\(number)".utf8)
      try expect("count", try call("pwrite", pwrite(file, bytes, bytes.count, 0)), is: bytes.count)
    }
    for number in [0, 99, 199] { try expect("contents", try text(of: "many-\(number)"), is: "\(number)") }
  }
}

/// Files that lost their name while they were open.
func checkUnlinked(_ suite: inout Suite) {
  suite.check("an unlinked file still reads and writes") { () throws(Failure) in
    try withFile("file", O_RDWR | O_CREAT | O_EXCL) { file throws(Failure) in
      try write(Array("before".utf8), to: file)
      try call("unlink", unlink("file"))
      try expect("the name is still there", isAbsent("file"))
      try call("pwrite", pwrite(file, "BEF", 3, 0))
      var seen = [UInt8](repeating: 0, count: 16)
      try expect("count", try call("pread", pread(file, &seen, 16, 0)), is: 6)
      try expect("bytes", String(decoding: seen[..<6], as: UTF8.self), is: "BEFore")
    }
  }
  suite.check("its name can be used again, for another file") { () throws(Failure) in
    try withFile("again", O_RDWR | O_CREAT | O_EXCL) { old throws(Failure) in
      try write(Array("old".utf8), to: old)
      try call("unlink", unlink("again"))
      try save("new file", in: "again")
      var seen = [UInt8](repeating: 0, count: 16)
      try expect("count", try call("pread", pread(old, &seen, 16, 0)), is: 3)
    }
    try expect("contents", try text(of: "again"), is: "new file")
  }
  suite.check("a file that another replaced by renaming") { () throws(Failure) in
    try save("old", in: "target")
    try save("new", in: "source")
    try withFile("target", O_RDONLY) { file throws(Failure) in
      try call("rename", rename("source", "target"))
      try expect("what was opened", String(decoding: try rest(of: file), as: UTF8.self), is: "old")
    }
    try expect("what is there", try text(of: "target"), is: "new")
  }
  suite.check("a removed directory that is still open is empty") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o755))
    guard let open = opendir("directory") else { throw Failure("opendir: \(message(errno))") }
    defer { closedir(open) }
    try call("rmdir", rmdir("directory"))
    try expect("names", try names(in: open).count, is: 0)
  }
}
