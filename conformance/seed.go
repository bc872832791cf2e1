package conformance

// WithSeed sets the seed of what checks choose at random, to repeat a run.
func WithSeed(seed uint64) Option {
	return func(v *verification) { v.arrange = append(v.arrange, func(e *environment) { e.seed = seed }) }
}
