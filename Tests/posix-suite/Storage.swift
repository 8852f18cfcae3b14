import CLinux
import CRawCalls
import Glibc
import GuestChecks

/// `fsync` and the like.
func checkSyncing(_ suite: inout Suite) {
  suite.check("fsync and fdatasync of a file") { () throws(Failure) in
    try withFile("file", O_RDWR | O_CREAT) { file throws(Failure) in
      try write([1], to: file)
      try call("fsync", fsync(file))
      try write([2], to: file)
      try call("fdatasync", fdatasync(file))
    }
  }
  suite.check("fsync of a file opened to read, and of a directory") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in try call("fsync", fsync(file)) }
    try withFile(".", O_RDONLY | O_DIRECTORY) { directory throws(Failure) in try call("fsync", fsync(directory)) }
  }
  suite.check("O_SYNC and O_DSYNC") { () throws(Failure) in
    for flag in [O_SYNC, O_DSYNC] {
      try withFile("file", O_WRONLY | flag) { file throws(Failure) in try write([3, 4], to: file) }
    }
    try expect("bytes", try bytes(of: "file"), is: [3, 4])
  }
  suite.check("syncfs") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in
      try call("syncfs", rc_call(Int(SYS_syncfs), Int(file), 0, 0, 0, 0))
    }
  }
}

/// O_DIRECT, where it is allowed.
func checkDirectAccess(_ suite: inout Suite) {
  suite.check("writes and reads whole blocks") { () throws(Failure) in
    let file = open("file", O_RDWR | O_CREAT | cl_o_direct, 0o644)
    // POSIX doesn't know the flag; a file system that can't says EINVAL.
    if file == -1, errno == EINVAL { return }
    try call("open", file)
    defer { close(file) }
    guard let block = aligned_alloc(4096, 8192) else { throw Failure("no memory") }
    defer { free(block) }
    memset(block, 0x61, 8192)
    try expect("written", pwrite(file, block, 8192, 4096), is: 8192)
    memset(block, 0, 8192)
    try expect("read", pread(file, block, 8192, 4096), is: 8192)
    try expect("byte", block.load(fromByteOffset: 8191, as: UInt8.self), is: 0x61)
    try expect("at the end", pread(file, block, 8192, 12_288), is: 0)
    try expect("size", try status(of: file).st_size, is: 12_288)
  }
  suite.check("agrees with what is written without it") { () throws(Failure) in
    try save(String(repeating: "b", count: 4096), in: "both")
    let file = open("both", O_RDONLY | cl_o_direct)
    if file == -1, errno == EINVAL { return }
    try call("open", file)
    defer { close(file) }
    guard let block = aligned_alloc(4096, 4096) else { throw Failure("no memory") }
    defer { free(block) }
    try expect("read", pread(file, block, 4096, 0), is: 4096)
    try expect("byte", block.load(as: UInt8.self), is: 0x62)
  }
}

/// `fallocate`, which a file system may lack.
func checkAllocation(_ suite: inout Suite) {
  suite.check("makes a file longer, or isn't supported") { () throws(Failure) in
    try withFile("file", O_RDWR | O_CREAT) { file throws(Failure) in
      let result = rc_call(Int(SYS_fallocate), Int(file), 0, 0, 10_000, 0)
      if result == -1, errno == EOPNOTSUPP { return }
      try call("fallocate", result)
      try expect("size", try status(of: file).st_size, is: 10_000)
    }
  }
  suite.check("posix_fallocate makes a file longer in any case") { () throws(Failure) in
    try withFile("posix", O_RDWR | O_CREAT) { file throws(Failure) in
      try write([7], to: file)
      try expect("result", posix_fallocate(file, 0, 9000), is: 0)
      try expect("size", try status(of: file).st_size, is: 9000)
    }
    try expect("first byte", try bytes(of: "posix").first, is: 7)
  }
}
