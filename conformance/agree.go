package conformance

import (
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

var agreeChecks = []Check{
	{
		ID: "operations/agree", Clauses: []string{"R6", "O1", "C7", "C8"}, Level: Must, Profile: Core,
		Doc: "After every kind of change everything that looks tells the same at once, whatever it told before.",
		run: func(t *trial) { t.agree(t) },
	},
	{
		ID: "handles/every-way", Clauses: []string{"R6", "O1", "C7", "C8"}, Level: Must, Profile: Core, Needs: []Capability{CanReopen},
		Doc: "The same on another handle than the one that changes.",
		run: func(t *trial) { t.agree(t.reopened()) },
	},
}

// agree changes a name in every way and lets other look at it before and after.
func (t *trial) agree(other *trial) {
	for _, n := range []int{500, t.largeSize() / 2} { // which may go in parts
		t.agreeOn(other, n)
	}
	p := t.path("dir/a")
	t.put(p, []byte("x"))
	other.sees(p, []byte("x"))
	if has[fsbase.RemoveAller](t.fs) {
		t.removeAll(t.prefix("dir/"))
		other.sees(p, nil)
	}
}

// agreeOn is agree with streams of about size bytes.
func (t *trial) agreeOn(other *trial, size int) {
	p, q := t.path("dir/a"), t.path("dir/b")
	for i, w := range t.ways() {
		data := content(uint64(i+2), size+i)
		publish := w.begin(t, p, data)
		cond, before := t.clear(w, p, content(1, 300+i))
		other.sees(p, before)
		info, err := publish(t, cond)
		if err != nil {
			t.fatalf("%s to %q: %v", w.what, p, err)
		}
		other.sees(p, data)
		other.wantInfo("R6", fmt.Sprintf("OpenStream after %s", w.what), other.info(p), info)
		other.sees(q, nil)
		if err := t.fs.Rename(t.ctx, p, q); err != nil {
			t.fatalf("Rename(%q, %q): %v", p, q, err)
		}
		other.sees(p, nil)
		other.sees(q, data)
		t.remove(q)
		other.sees(q, nil)
	}
}

// sees demands that everything that looks sees data under path: nil for
// nothing.
func (t *trial) sees(path string, data []byte) {
	if data == nil {
		t.wantAbsent("R6", path)
		return
	}
	t.wantContent("R6", path, data)
	t.wantExists("O1", path, true)
	info := t.info(path)
	t.sameInfo(path)
	l, ok := fsbase.As[fsbase.Lister](t.fs)
	if !ok {
		return
	}
	listed := 0
	for got, err := range l.List(t.ctx, path) {
		if err != nil {
			t.errorf("C8", "List(%q): %v", path, err)
		} else if got.Path == path {
			listed++
			t.wantInfo("C8", "List", got, info)
		}
	}
	if listed != 1 {
		t.errorf("C8", "List(%q) yields it %d times", path, listed)
	}
}
