import Glibc
import GuestChecks

/// `read` and `pread`.
func checkReading(_ suite: inout Suite) {
  suite.check("at and beyond the end") { () throws(Failure) in
    try save("0123456789", in: "file")
    try withFile("file", O_RDONLY) { file throws(Failure) in
      try expect("at the end", try part(of: file, 4, at: 10), is: "")
      try expect("beyond", try part(of: file, 4, at: 1 << 40), is: "")
      try expect("across", try part(of: file, 8, at: 6), is: "6789")
    }
  }
  suite.check("pread leaves the offset") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in
      try call("lseek", lseek(file, 3, SEEK_SET))
      try expect("pread", try part(of: file, 2, at: 7), is: "78")
      try expect("offset", lseek(file, 0, SEEK_CUR), is: 3)
    }
  }
  suite.check("at a negative offset") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in
      var byte: UInt8 = 0
      try refused(EINVAL, "pread", pread(file, &byte, 1, -1))
    }
  }
  suite.check("no bytes") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in
      var byte: UInt8 = 7
      try expect("count", read(file, &byte, 0), is: 0)
      try expect("byte", byte, is: 7)
    }
  }
  suite.check("into memory that isn't there") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in
      try refused(EFAULT, "read", read(file, UnsafeMutableRawPointer(bitPattern: 8), 4))
    }
  }
  suite.check("what another descriptor has written") { () throws(Failure) in
    try withFile("file", O_RDONLY) { reader throws(Failure) in
      try withFile("file", O_WRONLY) { writer throws(Failure) in
        try expect("before", try part(of: reader, 3, at: 0), is: "012")
        try call("pwrite", pwrite(writer, "abc", 3, 0))
        try expect("after", try part(of: reader, 3, at: 0), is: "abc")
      }
    }
  }
  suite.check("what another process has written") { () throws(Failure) in
    try withFile("file", O_RDONLY) { reader throws(Failure) in
      try expect("before", try part(of: reader, 2, at: 8), is: "89")
      try inChild { () throws(Failure) in
        try withFile("file", O_WRONLY | O_APPEND) { file throws(Failure) in try write([0x21], to: file) }
      }
      try expect("after", try part(of: reader, 9, at: 8), is: "89!")
    }
  }
  suite.check("descriptors that were duplicated share an offset, others don't") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in
      let same = try call("dup", dup(file))
      defer { close(same) }
      try call("lseek", lseek(file, 5, SEEK_SET))
      try expect("the duplicate's", lseek(same, 0, SEEK_CUR), is: 5)
      try withFile("file", O_RDONLY) { other throws(Failure) in
        try expect("another's", lseek(other, 0, SEEK_CUR), is: 0)
      }
    }
  }
  suite.check("a descriptor outlives permission and owner") { () throws(Failure) in
    try makePublicDirectory("public")
    try asUser(1000, 1000) { () throws(Failure) in
      try save("mine", in: "public/file")
      try withFile("public/file", O_RDWR) { file throws(Failure) in
        try call("chmod", chmod("public/file", 0))
        try expect("bytes", try part(of: file, 4, at: 0), is: "mine")
        try call("pwrite", pwrite(file, "y", 1, 0))
      }
    }
  }
}

/// `write` and `pwrite`.
func checkWriting(_ suite: inout Suite) {
  suite.check("in the middle") { () throws(Failure) in
    try save("0123456789", in: "file")
    try withFile("file", O_RDWR) { file throws(Failure) in
      try expect("count", pwrite(file, "abc", 3, 4), is: 3)
      try expect("offset", lseek(file, 0, SEEK_CUR), is: 0)
    }
    try expect("contents", try text(of: "file"), is: "0123abc789")
  }
  suite.check("O_APPEND goes to the end, wherever the offset is") { () throws(Failure) in
    try save("ab", in: "log")
    try withFile("log", O_RDWR | O_APPEND) { file throws(Failure) in
      try call("lseek", lseek(file, 0, SEEK_SET))
      try write([0x63], to: file)
      try expect("offset", lseek(file, 0, SEEK_CUR), is: 3)
    }
    try expect("contents", try text(of: "log"), is: "abc")
  }
  suite.check("O_APPEND sees what another descriptor appended") { () throws(Failure) in
    try withFile("log", O_WRONLY | O_APPEND) { one throws(Failure) in
      try withFile("log", O_WRONLY | O_APPEND) { other throws(Failure) in
        try write([0x31], to: one)
        try write([0x32], to: other)
        try write([0x33], to: one)
      }
    }
    try expect("contents", try text(of: "log"), is: "abc123")
  }
  suite.check("O_APPEND set by fcntl") { () throws(Failure) in
    try withFile("log", O_WRONLY) { file throws(Failure) in
      try call("fcntl", fcntl(file, F_SETFL, O_APPEND))
      try write([0x34], to: file)
    }
    try expect("contents", try text(of: "log"), is: "abc1234")
  }
  suite.check("pwrite with O_APPEND appends, as Linux has it") { () throws(Failure) in
    try withFile("log", O_WRONLY | O_APPEND) { file throws(Failure) in
      try call("pwrite", pwrite(file, "5", 1, 0))
    }
    try expect("contents", try text(of: "log"), is: "abc12345")
  }
  suite.check("beyond the end leaves a hole of zeros") { () throws(Failure) in
    try save("ab", in: "hole")
    try withFile("hole", O_RDWR) { file throws(Failure) in
      try call("pwrite", pwrite(file, "z", 1, 70_000))
      var seen = [UInt8](repeating: 1, count: 70_001)
      try expect("count", pread(file, &seen, seen.count, 0), is: 70_001)
      try expect("the hole", seen[2..<70_000].allSatisfy { $0 == 0 })
      try expect("ends", [seen[0], seen[1], seen[70_000]], is: Array("abz".utf8))
    }
    try expect("size", try status("hole").st_size, is: 70_001)
  }
  suite.check("a hole takes no blocks") { () throws(Failure) in
    try withFile("sparse", O_RDWR | O_CREAT) { file throws(Failure) in
      try call("pwrite", pwrite(file, "z", 1, 64 << 20))
      let blocks = try status(of: file).st_blocks
      try expect("\(blocks) blocks", blocks < 1024)
    }
    try call("unlink", unlink("sparse"))
  }
  suite.check("beyond 4 GiB") { () throws(Failure) in
    try withFile("large", O_RDWR | O_CREAT) { file throws(Failure) in
      try call("pwrite", pwrite(file, "end", 3, 5 << 30))
      try expect("size", try status(of: file).st_size, is: 5 << 30 + 3)
      try expect("bytes", try part(of: file, 9, at: 5 << 30), is: "end")
    }
    try call("unlink", unlink("large"))
  }
  suite.check("at a negative offset") { () throws(Failure) in
    try withFile("file", O_RDWR) { file throws(Failure) in try refused(EINVAL, "pwrite", pwrite(file, "a", 1, -1)) }
  }
  suite.check("beyond the largest file") { () throws(Failure) in
    try withFile("file", O_RDWR) { file throws(Failure) in
      let seen = pwrite(file, "abc", 3, .max - 1)
      let code = errno
      try expect("count", seen, is: -1)
      try expect(message(code), code == EFBIG || code == EINVAL)
    }
    try expect("size", try status("file").st_size, is: 10)
  }
  suite.check("beyond the process's limit") { () throws(Failure) in
    try inChild { () throws(Failure) in
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 100, rlim_max: 100)
      try call("setrlimit", setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit))
      try withFile("limited", O_RDWR | O_CREAT) { file throws(Failure) in
        let bytes = [UInt8](repeating: 1, count: 200)
        try expect("count", Glibc.write(file, bytes, 200), is: 100)
        try refused(EFBIG, "write", Glibc.write(file, bytes, 1))
      }
    }
    try expect("size", try status("limited").st_size, is: 100)
  }
  suite.check("no bytes change nothing") { () throws(Failure) in
    try withFile("file", O_RDWR) { file throws(Failure) in
      try expect("count", pwrite(file, "a", 0, 100), is: 0)
      try expect("size", try status(of: file).st_size, is: 10)
    }
  }
  suite.check("by others takes the set-id bits away") { () throws(Failure) in
    try save("ab", in: "setid")
    try call("chmod", chmod("setid", 0o6777))
    try asUser(1000, 1000) { () throws(Failure) in
      try withFile("setid", O_WRONLY) { file throws(Failure) in try write([1], to: file) }
    }
    try expectMode("setid", S_IFREG | 0o777)
  }
  suite.check("by root leaves the set-id bits") { () throws(Failure) in
    try call("chmod", chmod("setid", 0o6755))
    try withFile("setid", O_WRONLY) { file throws(Failure) in try write([1], to: file) }
    try expectMode("setid", S_IFREG | 0o6755)
  }
  suite.check("some megabytes at odd offsets") { () throws(Failure) in
    let wanted = pattern(1_234_567)
    try withFile("big", O_RDWR | O_CREAT) { file throws(Failure) in
      try write(Array(wanted[..<777]), to: file)
      try write(Array(wanted[777...]), to: file)
    }
    try expect("checksum", checksum(try bytes(of: "big")), is: checksum(wanted))
  }
}

/// `lseek`.
func checkSeeking(_ suite: inout Suite) {
  suite.check("from start, offset and end") { () throws(Failure) in
    try save("0123456789", in: "file")
    try withFile("file", O_RDONLY) { file throws(Failure) in
      try expect("SEEK_SET", lseek(file, 4, SEEK_SET), is: 4)
      try expect("SEEK_CUR", lseek(file, -1, SEEK_CUR), is: 3)
      try expect("SEEK_END", lseek(file, -2, SEEK_END), is: 8)
      try expect("beyond the end", lseek(file, 100, SEEK_END), is: 110)
    }
  }
  suite.check("before the start, and of no kind") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in
      try refused(EINVAL, "before the start", lseek(file, -1, SEEK_SET))
      try refused(EINVAL, "before the start", lseek(file, -11, SEEK_END))
      try refused(EINVAL, "whence 99", lseek(file, 0, 99))
    }
  }
  suite.check("SEEK_END sees what another process appended") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in
      try expect("before", lseek(file, 0, SEEK_END), is: 10)
      try inChild { () throws(Failure) in
        try withFile("file", O_WRONLY | O_APPEND) { file throws(Failure) in try write([1, 2], to: file) }
      }
      try expect("after", lseek(file, 0, SEEK_END), is: 12)
    }
  }
  suite.check("SEEK_DATA and SEEK_HOLE keep to the file") { () throws(Failure) in
    let (data, hole): (CInt, CInt) = (3, 4)
    try withFile("file", O_RDONLY) { file throws(Failure) in
      try expect("data", lseek(file, 2, data), is: 2)
      try expect("hole", lseek(file, 0, hole), is: 12)
      try refused(ENXIO, "data at the end", lseek(file, 12, data))
      try refused(ENXIO, "a hole beyond the end", lseek(file, 13, hole))
    }
  }
}

/// At most `count` bytes at an offset, as text.
private func part(of file: CInt, _ count: Int, at offset: off_t) throws(Failure) -> String {
  var bytes = [UInt8](repeating: 0, count: count)
  let count = try call("pread", pread(file, &bytes, count, offset))
  return String(decoding: bytes[..<count], as: UTF8.self)
}
