// Mutations of a stream of frames that leave the frames whole. Bytes put in anywhere else would make everything behind
// them one lost frame.
#include "CFrameMutator.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { header = 8 };

extern size_t LLVMFuzzerMutate(uint8_t *bytes, size_t count, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t count, size_t most, unsigned seed);

static uint32_t payload(const uint8_t *frame) {
  uint32_t size;
  memcpy(&size, frame + 4, sizeof size);
  return size;
}

// The end of the frame that starts here, or 0 where it isn't whole.
static size_t end(const uint8_t *bytes, size_t count, size_t start) {
  if (count - start < header) return 0;
  uint32_t size = payload(bytes + start);
  return size > count - start - header ? 0 : start + header + size;
}

// Names that are found in the directory (Targets/Tree.swift), and two that are always there.
static const char names[][5] = {"file", "tree", "node", "link", "gone", "away", "fifo", "//..", "/./."};
enum { name = 4, known = sizeof names / sizeof names[0] };

// Puts another name in the place of the first that is there.
static int rename_first(uint8_t *bytes, size_t count, unsigned seed) {
  for (size_t at = 0; at + name <= count; at++)
    for (size_t index = 0; index < known; index++)
      if (memcmp(bytes + at, names[index], name) == 0) {
        memcpy(bytes + at, names[(index + 1 + seed % (known - 1)) % known], name);
        return 1;
      }
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t count, size_t most, unsigned seed) {
  size_t frames = 0;
  for (size_t at = 0, next; (next = end(bytes, count, at)); at = next) frames++;
  // The framing itself is to be tried too.
  if (frames == 0 || seed % 4 == 0) return LLVMFuzzerMutate(bytes, count, most);

  size_t start = 0;
  for (size_t skip = (seed >> 4) % frames; skip > 0; skip--) start = end(bytes, count, start);
  size_t next = end(bytes, count, start), size = next - start;
  switch (seed >> 2 & 3) {
    case 0:  // once more
      if (size > most - count) break;
      memmove(bytes + next, bytes + start, count - start);
      return count + size;
    case 1:  // as another type
      bytes[start] = (uint8_t)(2 + (seed >> 16) % 20);
      return count;
    case 2:  // of another file
      if (rename_first(bytes + start + header, size - header, seed >> 16)) return count;
      break;
    default: break;
  }
  // Another payload. It is mutated at the stream's end, where it has room to grow; what was behind it goes back there.
  uint8_t rest[1 << 17];
  size_t behind = count - next;
  if (behind > sizeof rest || most < count) return LLVMFuzzerMutate(bytes, count, most);
  memcpy(rest, bytes + next, behind);
  size_t room = most - behind - start - header;
  if (room == 0) return LLVMFuzzerMutate(bytes, count, most);
  uint32_t changed = (uint32_t)LLVMFuzzerMutate(bytes + start + header, size - header, room);
  memcpy(bytes + start + 4, &changed, sizeof changed);
  memcpy(bytes + start + header + changed, rest, behind);
  return start + header + changed + behind;
}
