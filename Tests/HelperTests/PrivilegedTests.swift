import Glibc
import Testing

/// What only root can run: the helper acts as any user. One at a time, since they watch processes and descriptors.
@Suite(
  .serialized,
  .enabled(if: geteuid() == 0, "needs root: the helper acts as any user, which is root's to allow"))
enum PrivilegedTests {}
