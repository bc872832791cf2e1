package pickle

// Op is how an [Object] came to be.
type Op uint8

// The ops.
const (
	Reduce   Op = iota // callable(*args)
	NewObj             // class.__new__(class, *args)
	NewObjEx           // class.__new__(class, *args, **kwargs)
)

// Object is a call that was not made, with all that the file then did to the
// result: enough to write it again.
type Object struct {
	Op       Op
	Callable Value // a Global, or an Object that gives something callable
	Args     Value // a tuple
	Kwargs   Value // a dict for NewObjEx, else invalid
	States   Items // one per BUILD
	Items    Items // APPEND, APPENDS, ADDITEMS
	Pairs    Value // a dict: SETITEM, SETITEMS; invalid when none
	Offset   int64 // bytes from the pickle's start to the opcode; -1 when not known
}

// Global is the callable if that is a plain name, else the zero Global.
func (o *Object) Global() Global {
	g, _ := o.Callable.Global()
	return g
}

// Object returns a call or instance.
func (v Value) Object() (*Object, bool) {
	switch v.w.tag() {
	case tagFreshObj:
		fn := mk(tagGlobal, uint64(v.w.freshGlobal()))
		return &Object{Op: NewObj, Callable: Value{v.g, fn}, Args: Value{v.g, emptyTuple}, Offset: -1}, true
	case tagObject:
	default:
		return nil, false
	}
	o := &v.g.objects[v.w.index()]
	r := &Object{
		Op: o.op, Callable: Value{v.g, o.fn}, Args: Value{v.g, o.args}, Kwargs: Value{v.g, o.kwargs},
		Offset: int64(o.pos),
	}
	if o.states != 0 {
		r.States = Value{v.g, mk(tagList, uint64(o.states-1))}.Items()
	}
	if o.list != 0 {
		r.Items = Value{v.g, mk(tagList, uint64(o.list-1))}.Items()
	}
	if o.pairs != 0 {
		r.Pairs = Value{v.g, mk(tagDict, uint64(o.pairs-1))}
	}
	return r, true
}

// member adds ws to the node that *slot names, making it first if needed.
func (g *graph) member(obj int, slot func(*object) *int32, ws []word) error {
	p := slot(&g.objects[obj])
	if *p == 0 {
		w, err := g.newNode(tagList)
		if err != nil {
			return err
		}
		*p = int32(w.index() + 1)
	}
	i := int(*p) - 1
	if err := g.extend(i, ws); err != nil {
		return err
	}
	d := g.nodes[i].depth + 1
	if err := g.checkDepth(d); err != nil {
		return err
	}
	o := &g.objects[obj]
	o.depth = max(o.depth, int16(d))
	return nil
}

func (g *graph) newObject(o object) (word, error) {
	d := max(g.depth(o.fn), g.depth(o.args), g.depth(o.kwargs)) + 1
	if err := g.checkDepth(d); err != nil {
		return 0, err
	}
	if err := g.take(objectBytes); err != nil {
		return 0, err
	}
	o.depth = int16(d)
	g.objects = append(g.objects, o)
	return mk(tagObject, uint64(len(g.objects)-1)), nil
}
