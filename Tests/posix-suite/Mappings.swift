import Glibc
import GuestChecks

/// `mmap`.
func checkMappings(_ suite: inout Suite) {
  suite.check("private, read") { () throws(Failure) in
    try save("mapped", in: "file")
    try withMapping("file", O_RDONLY, PROT_READ, MAP_PRIVATE) { bytes throws(Failure) in
      try expect("contents", String(decoding: bytes[..<6], as: UTF8.self), is: "mapped")
      try expect("beyond the end", bytes[6...].allSatisfy { $0 == 0 })
    }
  }
  suite.check("private, written, doesn't reach the file") { () throws(Failure) in
    try withMapping("file", O_RDONLY, PROT_READ | PROT_WRITE, MAP_PRIVATE) { bytes throws(Failure) in
      bytes[0] = 0x4d
      try expect("contents", try text(of: "file"), is: "mapped")
    }
  }
  suite.check("shared, read") { () throws(Failure) in
    try withMapping("file", O_RDONLY, PROT_READ, MAP_SHARED) { bytes throws(Failure) in
      try expect("contents", String(decoding: bytes[..<6], as: UTF8.self), is: "mapped")
    }
  }
  suite.check("shared, written, reaches the file") { () throws(Failure) in
    try withMapping("file", O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED) { bytes throws(Failure) in
      bytes[0] = 0x4d
      try call("msync", msync(bytes.baseAddress, 4096, MS_SYNC))
      try expect("contents", try text(of: "file"), is: "Mapped")
    }
  }
  suite.check("shared between processes") { () throws(Failure) in
    try withMapping("file", O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED) { bytes throws(Failure) in
      let start = bytes.baseAddress
      try inChild { () throws(Failure) in start?[1] = 0x21 }
      try expect("byte", bytes[1], is: 0x21)
    }
  }
  suite.check("outlives its descriptor and its file's name") { () throws(Failure) in
    try save("stays", in: "gone")
    let file = try call("open", open("gone", O_RDONLY))
    let start = mmap(nil, 4096, PROT_READ, MAP_PRIVATE, file, 0)
    let code = errno
    close(file)
    guard let start, start != MAP_FAILED else { throw Failure("mmap: \(message(code))") }
    defer { munmap(start, 4096) }
    // First looked at while the file has a name: what is read later comes from memory.
    try expect("first", start.load(as: UInt8.self), is: 0x73)
    try call("unlink", unlink("gone"))
    try expect("second", start.load(fromByteOffset: 1, as: UInt8.self), is: 0x74)
  }
  suite.check("shared, to write, of a file opened to read") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in
      let start = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
      let code = errno
      try expect("refused", start == MAP_FAILED)
      try expect("errno", message(code), is: message(EACCES))
    }
  }
  suite.check("of a directory") { () throws(Failure) in
    try withFile(".", O_RDONLY) { directory throws(Failure) in
      let start = mmap(nil, 4096, PROT_READ, MAP_PRIVATE, directory, 0)
      let code = errno
      try expect("refused", start == MAP_FAILED)
      try expect("errno", message(code), is: message(ENODEV))
    }
  }
}

private func withMapping(
  _ path: String, _ flags: CInt, _ protection: CInt, _ kind: CInt,
  _ body: (UnsafeMutableBufferPointer<UInt8>) throws(Failure) -> Void
) throws(Failure) {
  try withFile(path, flags) { file throws(Failure) in
    guard let start = mmap(nil, 4096, protection, kind, file, 0), start != MAP_FAILED else {
      throw Failure("mmap: \(message(errno))")
    }
    defer { munmap(start, 4096) }
    try body(UnsafeMutableBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: 4096))
  }
}
