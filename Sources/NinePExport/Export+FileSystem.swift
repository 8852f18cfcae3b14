package import Export
import NinePServer

/// An export is what clients of 9P may be served. It is said here, since `Export` knows of no server, and `NinePServer` of
/// no export.
extension Export: FileSystem {}
