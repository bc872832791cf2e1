package collective

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"maps"
	"reflect"
)

// A message of a step begins with one of these.
const (
	isZero     = iota // the zero value
	isValue           // a value by gob follows
	isFailures        // map[int]wireError by gob follows
)

var errMessage = errors.New("damaged message")

// pack encodes a value.
func pack[T any](v T) ([]byte, error) {
	if reflect.ValueOf(&v).Elem().IsZero() {
		return []byte{isZero}, nil // gob knows neither nil pointers nor struct{}
	}
	return encode(isValue, v)
}

// packEach encodes one value for each rank.
func packEach[T any](vs []T, size int) ([][]byte, error) {
	if len(vs) != size {
		return nil, fmt.Errorf("%d replies for %d ranks", len(vs), size)
	}
	all := make([][]byte, size)
	for i, v := range vs {
		var err error
		if all[i], err = pack(v); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// packed encodes what a callback of this rank returned.
func packed[T any](g Group, v T, err error) []byte {
	var data []byte
	if err == nil {
		data, err = pack(v)
	}
	if err != nil {
		return packFailures(g, map[int]error{g.Rank(): err})
	}
	return data
}

func packFailures(g Group, failures map[int]error) []byte {
	wire := map[int]wireError{}
	for rank, err := range failures {
		wire[rank] = toWire(g, err)
	}
	data, err := encode(isFailures, &wire)
	if err != nil {
		panic(err) // strings and numbers can be encoded
	}
	return data
}

func encode(kind byte, v any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte(kind)
	err := gob.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}

// open decodes a message.
func open[T any](g Group, data []byte) (v T, failures map[int]error, err error) {
	if len(data) == 0 {
		return v, nil, errMessage
	}
	dec := gob.NewDecoder(bytes.NewReader(data[1:]))
	switch data[0] {
	case isZero:
		return v, nil, nil
	case isValue:
		err = dec.Decode(&v)
		return v, nil, err
	case isFailures:
		var wire map[int]wireError
		if err := dec.Decode(&wire); err != nil {
			return v, nil, err
		}
		failures = map[int]error{}
		for rank, w := range wire {
			failures[rank] = w.fromWire(g)
		}
		return v, failures, nil
	}
	return v, nil, errMessage
}

// openParts decodes what the ranks sent to root; failures is nil if all have
// values.
func openParts[L any](g Group, all [][]byte) (values []L, failures map[int]error) {
	values = make([]L, len(all))
	for rank, data := range all {
		v, failed, err := open[L](g, data)
		if err != nil {
			failed = map[int]error{rank: err}
		}
		values[rank] = v
		if failed == nil {
			continue
		}
		if failures == nil {
			failures = map[int]error{}
		}
		maps.Copy(failures, failed)
	}
	return values, failures
}

// openReply decodes what root sent to this rank.
func openReply[R any](g Group, step string, reply []byte) (R, error) {
	var none R
	v, failures, err := open[R](g, reply)
	switch {
	case err != nil:
		return none, fmt.Errorf("%s: reply: %w", step, err)
	case failures != nil:
		return none, &StepError{step, failures}
	}
	return v, nil
}

func repeat(data []byte, n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = data
	}
	return all
}
