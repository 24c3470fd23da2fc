"""Makes a checksum right again: mend.py FILE POSITION (of a batch) | mend.py FILE (a producer snapshot)."""
import struct
import sys

TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    TABLE.append(byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


with open(sys.argv[1], "r+b") as file:
    data = bytearray(file.read())
    if len(sys.argv) > 2:
        batch = int(sys.argv[2])
        end = batch + 12 + struct.unpack_from(">i", data, batch + 8)[0]
        struct.pack_into(">I", data, batch + 17, crc32c(data[batch + 21:end]))
    else:
        struct.pack_into(">I", data, 2, crc32c(data[6:]))
    file.seek(0)
    file.write(data)
