package metadata

import "testing"

func BenchmarkEncode(b *testing.B) {
	m, err := Decode(generate(8000, 64))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		out, err := Encode(m)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(out)))
	}
}
