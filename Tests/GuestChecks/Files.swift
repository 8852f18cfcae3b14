import Glibc

/// Opens a file for as long as `body` runs.
@discardableResult
package func withFile<Result>(
  _ path: String, _ flags: CInt, _ mode: mode_t = 0o644, _ body: (CInt) throws(Failure) -> Result
) throws(Failure) -> Result {
  let file = try call("open \(shown(path))", open(path, flags, mode))
  let result: Result
  do throws(Failure) {
    result = try body(file)
  } catch {
    close(file)
    throw error
  }
  try call("close \(shown(path))", close(file))
  return result
}

/// Makes or replaces a file.
package func save(_ text: String, in path: String, mode: mode_t = 0o644) throws(Failure) {
  try withFile(path, O_WRONLY | O_CREAT | O_TRUNC, mode) { file throws(Failure) in
    try write(Array(text.utf8), to: file)
  }
}

/// A whole file as text.
package func text(of path: String) throws(Failure) -> String {
  String(decoding: try bytes(of: path), as: UTF8.self)
}

/// A whole file.
package func bytes(of path: String) throws(Failure) -> [UInt8] {
  try withFile(path, O_RDONLY) { file throws(Failure) in try rest(of: file) }
}

/// Makes a directory that every user may write in, whatever the umask is.
package func makePublicDirectory(_ path: String, mode: mode_t = 0o777) throws(Failure) {
  try call("mkdir \(path)", mkdir(path, 0o755))
  try call("chmod \(path)", chmod(path, mode))
}

/// What is left to be read from an open file.
package func rest(of file: CInt, inPartsOf size: Int = 65_536) throws(Failure) -> [UInt8] {
  var all: [UInt8] = []
  var part = [UInt8](repeating: 0, count: size)
  while true {
    let count = try call("read", read(file, &part, size))
    if count == 0 { return all }
    all += part[..<count]
  }
}

/// Writes all bytes, in one call where the kernel takes them so.
package func write(_ bytes: [UInt8], to file: CInt) throws(Failure) {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = try call("write", rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) })
    rest = rest.dropFirst(count)
  }
}

/// The status of what a path names, symbolic links included.
package func status(_ path: String) throws(Failure) -> stat {
  var status = stat()
  try call("lstat \(shown(path))", lstat(path, &status))
  return status
}

/// The status of an open file.
package func status(of file: CInt) throws(Failure) -> stat {
  var status = stat()
  try call("fstat", fstat(file, &status))
  return status
}

package func isAbsent(_ path: String) -> Bool {
  var status = stat()
  return lstat(path, &status) == -1 && errno == ENOENT
}

/// Fails unless type and mode of what is at `path` are these.
package func expectMode(_ path: String, _ mode: mode_t) throws(Failure) {
  let seen = try status(path).st_mode
  if seen != mode { throw Failure("mode of \(shown(path)): expected 0\(octal(mode)), saw 0\(octal(seen))") }
}

/// Fails unless user and group of what is at `path` are these.
package func expectOwner(_ path: String, _ user: uid_t, _ group: gid_t) throws(Failure) {
  let seen = try status(path)
  try expect("owner of \(shown(path))", "\(seen.st_uid):\(seen.st_gid)", is: "\(user):\(group)")
}

package func octal(_ mode: mode_t) -> String { String(mode, radix: 8) }

/// The names in a directory, without `.` and `..`, as the bytes that they are.
package func names(in path: String) throws(Failure) -> [[UInt8]] {
  guard let directory = opendir(path) else { throw Failure("opendir \(shown(path)): \(message(errno))") }
  defer { closedir(directory) }
  return try names(in: directory)
}

/// The names that an open directory has yet to tell.
package func names(in directory: OpaquePointer) throws(Failure) -> [[UInt8]] {
  var names: [[UInt8]] = []
  while true {
    errno = 0
    guard let entry = readdir(directory) else {
      if errno != 0 { throw Failure("readdir: \(message(errno))") }
      return names
    }
    let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
      tuple.withMemoryRebound(to: CChar.self, capacity: 256) { start in
        (0..<strlen(start)).map { UInt8(bitPattern: start[$0]) }
      }
    }
    if name != Array(".".utf8) && name != Array("..".utf8) { names.append(name) }
  }
}

/// As ``names(in:)``, sorted, for directories whose names are text.
package func listing(of path: String) throws(Failure) -> [String] {
  try names(in: path).map { String(decoding: $0, as: UTF8.self) }.sorted()
}

/// What a symbolic link holds.
package func target(of path: String) throws(Failure) -> String {
  var buffer = [CChar](repeating: 0, count: 8192)
  let count = try call("readlink \(shown(path))", readlink(path, &buffer, buffer.count))
  return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// A path as it may stand in a message: the long ones shortened.
package func shown(_ path: String) -> String {
  path.utf8.count <= 80 ? path : "\(path.prefix(30))… (\(path.utf8.count) bytes)"
}

/// Bytes that look random and are the same at each run, so that the host can make them again.
package func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: state >> 56)
  }
}

/// FNV-1a, to compare large contents by.
package func checksum(_ bytes: [UInt8]) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
  return hash
}
