/// Elements that keep their number until they are removed.
///
/// Adding one moves at most a chunk of the others, so it takes no longer with a million elements.
struct Slots<Element> {
  private var chunks: [[Element]] = []
  /// Numbers below `bound` that aren't in use any more.
  private var free: [Int32] = []
  private var bound: Int32 = 0

  private static var shift: Int32 { 12 }
  private static var mask: Int32 { (1 << shift) - 1 }

  subscript(number: Int32) -> Element {
    @inline(__always) get { chunks[Int(number >> Self.shift)][Int(number & Self.mask)] }
    @inline(__always) _modify { yield &chunks[Int(number >> Self.shift)][Int(number & Self.mask)] }
  }

  /// Tells whether there is an element with this number, or was one.
  func has(_ number: Int32) -> Bool { number < bound }

  /// Adds an element.
  ///
  /// - Returns: its number.
  mutating func add(_ element: Element) -> Int32 {
    if let number = free.popLast() {
      self[number] = element
      return number
    }
    let number = bound
    bound += 1
    if number & Self.mask == 0 { chunks.append([]) }
    chunks[chunks.count - 1].append(element)
    return number
  }

  /// Gives a number back. The memory is given back with the last of many.
  mutating func remove(_ number: Int32) {
    if free.count + 1 == Int(bound), chunks.count > 1 {
      self = Self()
    } else {
      free.append(number)
    }
  }
}
