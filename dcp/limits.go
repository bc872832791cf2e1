package dcp

// Limits bound the memory of reading. The zero value means the defaults.
type Limits struct {
	// Metadata is the largest .metadata, in bytes. Default 4 GiB.
	Metadata int64

	// Item is the most memory that one item takes when it must be unpacked as
	// a whole: pickled objects, deflated or strided tensors. In bytes; default
	// 1 GiB. Other tensors take what the metadata says, under a stream
	// transform a little more.
	Item int64

	// InFlight bounds the scratch memory of one load, in bytes. Default 256
	// MiB. A single larger item is read alone.
	InFlight int64

	// Workers is how many reads run at once. Default: what suits the storage.
	Workers int
}

func (l Limits) withDefaults() Limits {
	def := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.Metadata, 4<<30)
	def(&l.Item, 1<<30)
	def(&l.InFlight, 256<<20)
	return l
}
