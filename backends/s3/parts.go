package s3

const (
	partSize  = 8 << 20 // of a part, and of what is one PutObject
	mostParts = 10_000
	maxPut    = 5 << 30 // of one PutObject, one CopyObject, one part
	maxObject = 5 << 40
	mebibyte  = 1 << 20
)

// partSizeOf is how large the parts of a stream of known size are: all the
// same, as some stores demand, and few enough.
func partSizeOf(size int64) int64 {
	least := (size + mostParts - 1) / mostParts
	return max(partSize, (least+mebibyte-1)/mebibyte*mebibyte)
}

// evenParts is how many parts of a stream of unknown size have the same size;
// growth is after how many more they grow by another partSize.
const (
	evenParts = 1000
	growth    = 60
)

// nthPartSize is how large a part of a stream of unknown size is: the same up
// to 7.8 GiB, and then so that 10,000 parts hold 5 TiB.
func nthPartSize(n int) int {
	return partSize * (1 + max(n-evenParts, 0)/growth)
}
