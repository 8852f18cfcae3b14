import Glibc
import GuestChecks

/// Locks of `fcntl`, which belong to processes.
func checkRecordLocks(_ suite: inout Suite) {
  suite.check("two processes read-lock, one write-locks") { () throws(Failure) in
    try save("0123456789", in: "file")
    try withFile("file", O_RDWR) { file throws(Failure) in
      try call("read lock", record(file, F_SETLK, F_RDLCK, 0, 10))
      try inOther("file") { file throws(Failure) in
        try call("read lock", record(file, F_SETLK, F_RDLCK, 0, 10))
        try expect("write lock refused", isTaken(record(file, F_SETLK, F_WRLCK, 0, 10)))
      }
      try call("write lock, the other gone", record(file, F_SETLK, F_WRLCK, 0, 10))
      try inOther("file") { file throws(Failure) in
        try expect("read lock refused", isTaken(record(file, F_SETLK, F_RDLCK, 5, 1)))
      }
    }
  }
  suite.check("ranges that don't meet don't disturb") { () throws(Failure) in
    try withFile("file", O_RDWR) { file throws(Failure) in
      try call("lock", record(file, F_SETLK, F_WRLCK, 0, 5))
      try inOther("file") { file throws(Failure) in
        try call("beside", record(file, F_SETLK, F_WRLCK, 5, 5))
        try expect("across refused", isTaken(record(file, F_SETLK, F_WRLCK, 4, 2)))
        try call("beyond the end", record(file, F_SETLK, F_WRLCK, 1 << 40, 0))
      }
    }
  }
  suite.check("F_GETLK tells who has it, and what") { () throws(Failure) in
    try withFile("file", O_RDWR) { file throws(Failure) in
      try call("lock", record(file, F_SETLK, F_WRLCK, 2, 3))
      let owner = getpid()
      try inOther("file") { file throws(Failure) in
        var lock = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
        try call("F_GETLK", fcntl(file, F_GETLK, &lock))
        try expect("type", CInt(lock.l_type), is: F_WRLCK)
        try expect("start", lock.l_start, is: 2)
        try expect("length", lock.l_len, is: 3)
        try expect("process", lock.l_pid, is: owner)
      }
    }
  }
  suite.check("F_GETLK of what is free") { () throws(Failure) in
    try withFile("file", O_RDWR) { file throws(Failure) in
      var lock = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
      try call("F_GETLK", fcntl(file, F_GETLK, &lock))
      try expect("type", CInt(lock.l_type), is: F_UNLCK)
    }
  }
  suite.check("F_SETLKW waits until it is free, and not much longer") { () throws(Failure) in
    var ends: [CInt] = [-1, -1]
    try call("pipe", pipe(&ends))
    defer { for end in ends { close(end) } }
    try withFile("file", O_RDWR) { file throws(Failure) in
      try call("lock", record(file, F_SETLK, F_WRLCK, 0, 0))
      let waiter = try startChild { () throws(Failure) in
        try withFile("file", O_RDWR) { file throws(Failure) in
          try write([1], to: ends[1])
          try call("lock", record(file, F_SETLKW, F_WRLCK, 0, 0))
          var byte: UInt8 = 0
          try call("pread", pread(file, &byte, 1, 0))
          try expect("what the holder wrote", byte, is: 0x21)
        }
      }
      var byte: UInt8 = 0
      try call("read", read(ends[0], &byte, 1))
      usleep(150_000)
      try call("pwrite", pwrite(file, "!", 1, 0))
      try call("unlock", record(file, F_SETLK, F_UNLCK, 0, 0))
      try wait(for: waiter, seconds: 5)
    }
  }
  suite.check("unlocking the middle leaves both ends") { () throws(Failure) in
    try withFile("file", O_RDWR) { file throws(Failure) in
      try call("lock", record(file, F_SETLK, F_WRLCK, 0, 9))
      try call("unlock", record(file, F_SETLK, F_UNLCK, 3, 3))
      try inOther("file") { file throws(Failure) in
        try call("the middle", record(file, F_SETLK, F_WRLCK, 3, 3))
        try expect("the beginning", isTaken(record(file, F_SETLK, F_WRLCK, 0, 1)))
        try expect("the end", isTaken(record(file, F_SETLK, F_WRLCK, 8, 1)))
      }
    }
  }
  suite.check("closing any descriptor of the file lets go") { () throws(Failure) in
    try withFile("file", O_RDWR) { file throws(Failure) in
      try call("lock", record(file, F_SETLK, F_WRLCK, 0, 0))
      try withFile("file", O_RDONLY) { _ throws(Failure) in }
      try inOther("file") { file throws(Failure) in try call("lock", record(file, F_SETLK, F_WRLCK, 0, 0)) }
    }
  }
  suite.check("a write lock needs a descriptor that writes") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in
      try refused(EBADF, "write lock", record(file, F_SETLK, F_WRLCK, 0, 0))
    }
    try withFile("file", O_WRONLY) { file throws(Failure) in
      try refused(EBADF, "read lock", record(file, F_SETLK, F_RDLCK, 0, 0))
    }
  }
  suite.check("two processes that wait for each other") { () throws(Failure) in
    try withFile("file", O_RDWR) { file throws(Failure) in
      try call("lock", record(file, F_SETLK, F_WRLCK, 0, 1))
      var ends: [CInt] = [-1, -1]
      try call("pipe", pipe(&ends))
      let other = try startChild { () throws(Failure) in
        try withFile("file", O_RDWR) { file throws(Failure) in
          try call("lock", record(file, F_SETLK, F_WRLCK, 1, 1))
          try write([1], to: ends[1])
          try call("waiting", record(file, F_SETLKW, F_WRLCK, 0, 1))
        }
      }
      var byte: UInt8 = 0
      try call("read", read(ends[0], &byte, 1))
      usleep(150_000)
      // A refusal is what this is about; without one the two would wait for ever.
      let isRefused = record(file, F_SETLK, F_WRLCK, 1, 1) == -1 && record(file, F_SETLKW, F_WRLCK, 1, 1) == -1
      let code = errno
      stop(other)
      for end in ends { close(end) }
      try expect("refused", isRefused)
      try expect("errno", message(code), is: message(EDEADLK))
    }
  }
}

/// Locks of `flock`, which belong to open files.
func checkFileLocks(_ suite: inout Suite) {
  suite.check("one exclusive lock") { () throws(Failure) in
    try save("", in: "file")
    try withFile("file", O_RDWR) { file throws(Failure) in
      try call("lock", flock(file, LOCK_EX | LOCK_NB))
      try inOther("file") { file throws(Failure) in
        try refused(EWOULDBLOCK, "exclusive", flock(file, LOCK_EX | LOCK_NB))
        try refused(EWOULDBLOCK, "shared", flock(file, LOCK_SH | LOCK_NB))
      }
    }
    try inOther("file") { file throws(Failure) in try call("after close", flock(file, LOCK_EX | LOCK_NB)) }
  }
  suite.check("several shared locks") { () throws(Failure) in
    try withFile("file", O_RDONLY) { file throws(Failure) in
      try call("lock", flock(file, LOCK_SH | LOCK_NB))
      try inOther("file") { file throws(Failure) in
        try call("shared", flock(file, LOCK_SH | LOCK_NB))
        try refused(EWOULDBLOCK, "exclusive", flock(file, LOCK_EX | LOCK_NB))
      }
    }
  }
  suite.check("two descriptors of one process exclude each other") { () throws(Failure) in
    try withFile("file", O_RDWR) { one throws(Failure) in
      try call("lock", flock(one, LOCK_EX | LOCK_NB))
      try withFile("file", O_RDWR) { two throws(Failure) in
        try refused(EWOULDBLOCK, "the other", flock(two, LOCK_EX | LOCK_NB))
        try call("unlock", flock(one, LOCK_UN))
        try call("then", flock(two, LOCK_EX | LOCK_NB))
      }
    }
  }
  suite.check("a child inherits the lock") { () throws(Failure) in
    try withFile("file", O_RDWR) { file throws(Failure) in
      try call("lock", flock(file, LOCK_EX | LOCK_NB))
      try inChild { () throws(Failure) in try call("again", flock(file, LOCK_EX | LOCK_NB)) }
    }
  }
}

private func record(_ file: CInt, _ command: CInt, _ type: CInt, _ start: off_t, _ length: off_t) -> CInt {
  var lock = flock(l_type: Int16(type), l_whence: Int16(SEEK_SET), l_start: start, l_len: length, l_pid: 0)
  return fcntl(file, command, &lock)
}

/// Whether a lock was refused because another has it.
private func isTaken(_ result: CInt) -> Bool { result == -1 && (errno == EAGAIN || errno == EACCES) }

/// Opens the file in another process.
private func inOther(_ path: String, _ body: (CInt) throws(Failure) -> Void) throws(Failure) {
  try inChild { () throws(Failure) in try withFile(path, O_RDWR) { file throws(Failure) in try body(file) } }
}
