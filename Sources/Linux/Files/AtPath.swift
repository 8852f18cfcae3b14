internal import CLinux

/// The two arguments by which `*at` calls name an object: a directory and a path relative to it, short enough for the
/// kernel.
///
/// The path is borrowed: it is valid in the closure that gets this value.
@safe
struct AtPath {
  let directory: CInt
  let pointer: UnsafePointer<CChar>
}
