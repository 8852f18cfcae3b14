import Glibc
import GuestChecks

/// What `stat` and `statvfs` tell.
func checkStatus(_ suite: inout Suite) {
  suite.check("lstat, stat and fstat agree") { () throws(Failure) in
    try save("contents", in: "file")
    let one = try status("file")
    var two = stat()
    try call("stat", stat("file", &two))
    try withFile("file", O_RDONLY) { file throws(Failure) in
      let three = try status(of: file)
      for other in [two, three] {
        try expect("device", other.st_dev, is: one.st_dev)
        try expect("inode", other.st_ino, is: one.st_ino)
        try expect("mode", other.st_mode, is: one.st_mode)
        try expect("size", other.st_size, is: 8)
      }
    }
  }
  suite.check("what is missing or unreachable") { () throws(Failure) in
    var seen = stat()
    try refused(ENOENT, "nothing", stat("nothing", &seen))
    try refused(ENOTDIR, "in a file", stat("file/inside", &seen))
    try call("symlink", symlink("loop", "loop"))
    try refused(ELOOP, "a loop", stat("loop", &seen))
    try refused(ENOENT, "an empty name", stat("", &seen))
  }
  suite.check("blocks are of 512 bytes and grow with the contents") { () throws(Failure) in
    try withFile("blocks", O_RDWR | O_CREAT) { file throws(Failure) in
      try write(pattern(100_000), to: file)
      try call("fsync", fsync(file))
      let blocks = try status(of: file).st_blocks
      try expect("\(blocks) blocks", blocks >= 100_000 / 512 && blocks < 1000)
    }
  }
  suite.check("different files have different inodes, on one device") { () throws(Failure) in
    var inodes: Set<ino_t> = []
    for number in 0..<50 {
      try save("", in: "inode-\(number)")
      let seen = try status("inode-\(number)")
      inodes.insert(seen.st_ino)
      try expect("device", seen.st_dev, is: try status("file").st_dev)
    }
    try expect("inodes", inodes.count, is: 50)
  }
  suite.check("a directory counts a link for each directory in it") { () throws(Failure) in
    try call("mkdir", mkdir("directory", 0o755))
    for number in 0..<5 { try call("mkdir", mkdir("directory/\(number)", 0o755)) }
    try save("", in: "directory/file")
    try expect("links", try status("directory").st_nlink, is: 7)
  }
  suite.check("readdir tells the same inodes") { () throws(Failure) in
    guard let directory = opendir("directory") else { throw Failure("opendir: \(message(errno))") }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name == "." || name == ".." { continue }
      try expect("inode of \(name)", entry.pointee.d_ino, is: try status("directory/\(name)").st_ino)
    }
  }
  suite.check("another user sees it all without reading") { () throws(Failure) in
    try call("chmod", chmod("file", 0))
    try asUser(1000, 1000) { () throws(Failure) in try expect("size", try status("file").st_size, is: 8) }
  }
  suite.check("statvfs and fstatvfs") { () throws(Failure) in
    var (one, two) = (statvfs(), statvfs())
    try call("statvfs", statvfs("file", &one))
    try withFile("file", O_RDONLY) { file throws(Failure) in try call("fstatvfs", fstatvfs(file, &two)) }
    try expect("f_blocks", two.f_blocks, is: one.f_blocks)
    try expect("f_namemax", one.f_namemax, is: 255)
    try expect("f_bsize \(one.f_bsize)", one.f_bsize >= 512)
    try expect("f_bfree \(one.f_bfree)", one.f_bfree <= one.f_blocks && one.f_bavail <= one.f_bfree)
    try expect("f_ffree \(one.f_ffree)", one.f_ffree <= one.f_files)
  }
  suite.check("statvfs of what is missing") { () throws(Failure) in
    var seen = statvfs()
    try refused(ENOENT, "statvfs", statvfs("missing", &seen))
  }
}
