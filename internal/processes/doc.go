// Package processes holds the tests in which the ranks of a job are processes:
// the test binary starts itself once for each rank, and the ranks save and load
// over collective/natsgroup. Some are killed or stopped where it hurts most. It
// has no code to import.
package processes
