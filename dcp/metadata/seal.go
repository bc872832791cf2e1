package metadata

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/godcp/godcp/ckpterr"
)

// The seal is the end of a `.metadata` that godcp wrote: a bytes of sealMark and
// the CRC-32C of all before it, which is dropped again (POP), and STOP. To
// whoever runs the pickle it is nothing, and it does not survive being loaded
// and pickled again.
const (
	sealMark   = "C\x0agodcp\x01"
	sealLength = len(sealMark) + 4 + 2
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal ends a pickle that lacks its STOP.
func seal(b []byte) []byte {
	sum := crc32.Checksum(b, castagnoli)
	b = append(b, sealMark...)
	b = binary.LittleEndian.AppendUint32(b, sum)
	return append(b, "0."...)
}

// sealed tells whether a file ends in a seal. It is an error if that is wrong.
func sealed(data []byte) (bool, error) {
	at := len(data) - sealLength
	if at < 0 || string(data[at:at+len(sealMark)]) != sealMark || string(data[len(data)-2:]) != "0." {
		return false, nil
	}
	if crc32.Checksum(data[:at], castagnoli) != binary.LittleEndian.Uint32(data[at+len(sealMark):]) {
		return false, ckpterr.New(ckpterr.ChecksumMismatch, "the file was changed after it was written: its seal does not fit")
	}
	return true, nil
}
