import CLinux
import CRawCalls
import Glibc

/// - Throws: where a call of the test's own has failed.
package func check(_ result: CInt, _ what: String) throws {
  guard result >= 0 else { throw HarnessError("\(what): \(String(cString: strerror(errno)))") }
}

/// Exchanges what two names stand for, in one step.
package func exchange(_ one: String, _ other: String) {
  // RENAME_EXCHANGE.
  let flag = 2
  one.withCString { one in
    other.withCString { other in
      _ = rc_call(
        Int(SYS_renameat2), Int(AT_FDCWD), Int(bitPattern: one), Int(AT_FDCWD), Int(bitPattern: other), flag)
    }
  }
}
