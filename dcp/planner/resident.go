package planner

// Resident tells that ResolveData costs nothing: the state dict lies in
// memory. A storage writer can then lay a file out before it writes it.
func (p *DefaultSavePlanner) Resident() bool { return true }
